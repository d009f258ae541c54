"""A web application as a model: the colours of an image, uploaded as a form or sent as it is."""

import io

from fastapi import FastAPI, HTTPException, Request
from mangum import Mangum
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel

app = FastAPI()


class Colours(BaseModel):
    width: int
    height: int
    mean: list[float]


def colours(content: bytes) -> Colours:
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except UnidentifiedImageError:
        raise HTTPException(422, "this is no image") from None
    pixels = list(image.getdata())
    return Colours(width=image.width, height=image.height, mean=[sum(channel) / len(pixels) for channel in zip(*pixels)])


# The router asks every model at this path.
@app.post("/invocations")
async def invocations(request: Request) -> Colours:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        file = form.get("image")
        if file is None or isinstance(file, str):
            raise HTTPException(422, "the form has no file named image")
        return colours(await file.read())
    return colours(await request.body())


# What Lambda calls.
handler = Mangum(app, lifespan="off")
