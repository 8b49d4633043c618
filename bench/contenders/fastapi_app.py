"""The same calls, served by FastAPI code that is written for speed.

Handlers are async, pydantic validates requests, and orjson encodes answers. Handlers return a Response, which avoids
the cost of a response model. Strings are drawn by the recipe in the documentation of Python's `secrets`.
"""

import secrets
import string
from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Response
from pydantic import BaseModel, Field

app = FastAPI()

ALPHABET = string.ascii_letters + string.digits


class Asked(BaseModel):
    intlen: int = Field(ge=0, le=30)
    intnum: int = Field(ge=1, le=1000)
    withnum: bool = False
    withlow: bool = False
    withup: bool = False
    withspecial: bool = False


def draw(alphabet: str, length: int, count: int) -> list[str]:
    return ["".join(secrets.choice(alphabet) for _ in range(length)) for _ in range(count)]


def answer(content: dict[str, object]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})


@app.post("/getrandomstr")
async def getrandomstr(asked: Asked) -> Response:
    alphabet = ""
    if asked.withnum:
        alphabet += string.digits
    if asked.withlow:
        alphabet += string.ascii_lowercase
    if asked.withup:
        alphabet += string.ascii_uppercase
    if asked.withspecial:
        alphabet += "!@#$"
    data = draw(alphabet, asked.intlen, asked.intnum)
    return answer({"data": data, "datalen": len(data), "msg": "success"})


@app.get("/api/v1/strings")
async def strings(
    length: Annotated[int, Query(ge=1, le=4096)] = 16,
    count: Annotated[int, Query(ge=1, le=1000)] = 1,
    prefix: Annotated[str, Query(max_length=256)] = "",
) -> Response:
    data = draw(ALPHABET, length, count)
    if prefix:
        data = [prefix + value for value in data]
    return answer({"data": data, "count": count})


@app.get("/readyz")
async def readyz() -> dict[str, str]:
    return {"status": "ready"}
