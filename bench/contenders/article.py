"""The article's application as its text describes it: random.choice, one character at a time."""

import random

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/")
def index():
    return "<h1>Hello World! From Flask!</h1>"


@app.route("/getrandomstr", methods=["POST"])
def getrandomstr():
    asked = request.get_json()
    if asked["intlen"] > 30 or asked["intnum"] > 1000:
        return jsonify(data=[], datalen=0, msg="fail")
    symbols = []
    if asked["withnum"]:
        symbols += [str(digit) for digit in range(10)]
    if asked["withlow"]:
        symbols += [chr(code) for code in range(97, 123)]
    if asked["withup"]:
        symbols += [chr(code) for code in range(65, 91)]
    if asked["withspecial"]:
        symbols += ["!", "@", "#", "$"]
    strings = []
    for _ in range(asked["intnum"]):
        string = ""
        for _ in range(asked["intlen"]):
            string += random.choice(symbols)
        strings.append(string)
    return jsonify(data=strings, datalen=len(strings), msg="success")
