from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response
from aws_lambda_powertools.shared.cookies import Cookie

app = LambdaFunctionUrlResolver()


@app.post("/invocations")
def invocations():
    event = app.current_event
    kind = event.get_query_string_value("kind", "")
    if kind == "bytes":
        body = event.decoded_body if not event.is_base64_encoded else __import__("base64").b64decode(event.body)
        return Response(200, "image/png", body)
    if kind == "refuse":
        return Response(422, "application/json", '{"detail":"x must be a number"}')
    if kind == "fail":
        return Response(500, "application/json", '{"detail":"out of memory"}')
    cookies = dict(cookie.split("=", 1) for cookie in event.cookies or [])
    return Response(
        200, "application/json",
        __import__("json").dumps({
            "x": event.json_body["x"], "client": event.request_context.http.source_ip, "agent": event.request_context.http.user_agent, "cookies": cookies,
            "query": event.get_query_string_value("q", "").split(","),
        }),
        cookies=[Cookie("seen", "1"), Cookie("model", "v1")],
    )


def handler(event, context):
    return app.resolve(event, context)
