from apig_wsgi import make_lambda_handler
from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/invocations")
def invocations():
    kind = request.args.get("kind", "")
    if kind == "upload":
        return Response(request.files["file"].read(), content_type="image/png")
    if kind == "bytes":
        return Response(request.get_data(), content_type="image/png")
    if kind == "refuse":
        return jsonify(detail="x must be a number"), 422
    if kind == "fail":
        return jsonify(detail="out of memory"), 500
    answer = jsonify(x=request.get_json()["x"], client=request.remote_addr, agent=request.headers.get("user-agent"), cookies=request.cookies, query=",".join(request.args.getlist("q")).split(","))
    answer.set_cookie("seen", "1")
    answer.set_cookie("model", "v1")
    return answer


handler = make_lambda_handler(app, binary_support=True)
