from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Row(BaseModel):
    x: int


@app.post("/invocations")
async def invocations(request: Request):
    kind = request.query_params.get("kind", "")
    if kind == "upload":
        form = await request.form()
        upload = form["file"]
        return Response(await upload.read(), media_type="image/png")
    if kind == "bytes":
        return Response(await request.body(), media_type="image/png")
    if kind == "refuse":
        return JSONResponse({"detail": "x must be a number"}, status_code=422)
    if kind == "fail":
        return JSONResponse({"detail": "out of memory"}, status_code=500)
    answer = JSONResponse({
        "x": (await request.json())["x"], "client": request.client.host, "agent": request.headers.get("user-agent"), "cookies": request.cookies,
        "query": request.query_params.getlist("q"),
    })
    answer.set_cookie("seen", "1")
    answer.set_cookie("model", "v1")
    return answer


handler = Mangum(app, lifespan="off")
