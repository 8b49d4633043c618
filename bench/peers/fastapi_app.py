"""The same two calls as a FastAPI service of today: pydantic models, secrets.choice, async handlers."""

import secrets
import string

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

app = FastAPI()


class Asked(BaseModel):
    intlen: int = Field(ge=0, le=30)
    intnum: int = Field(ge=1, le=1000)
    withnum: bool = False
    withlow: bool = False
    withup: bool = False
    withspecial: bool = False


class Answer(BaseModel):
    data: list[str]
    datalen: int
    msg: str


class Strings(BaseModel):
    data: list[str]
    count: int


def draw(symbols: str, length: int, count: int) -> list[str]:
    return ["".join(secrets.choice(symbols) for _ in range(length)) for _ in range(count)]


@app.post("/getrandomstr")
async def getrandomstr(asked: Asked) -> Answer:
    classes = (
        (asked.withnum, string.digits),
        (asked.withlow, string.ascii_lowercase),
        (asked.withup, string.ascii_uppercase),
        (asked.withspecial, "!@#$"),
    )
    data = draw("".join(symbols for wanted, symbols in classes if wanted), asked.intlen, asked.intnum)
    return Answer(data=data, datalen=len(data), msg="success")


@app.get("/api/v1/strings")
async def strings(length: int = Query(16, ge=1, le=4096), count: int = Query(1, ge=1, le=1000)) -> Strings:
    data = draw(string.digits + string.ascii_letters, length, count)
    return Strings(data=data, count=len(data))


@app.get("/readyz")
async def readyz() -> dict[str, str]:
    return {"status": "ready"}
