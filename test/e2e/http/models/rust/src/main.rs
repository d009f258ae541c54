//! A web application in Rust as people write it for Lambda, in the place of a model with `ModelContract.HTTP`.

use lambda_http::{request::RequestContext, run, service_fn, Body, Error, Request, RequestExt, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(web)).await
}

async fn web(request: Request) -> Result<Response<Body>, Error> {
    let query = request.query_string_parameters();
    let body = request.body().as_ref().to_vec();
    let json = |status: u16, value: serde_json::Value| {
        Response::builder().status(status).header("content-type", "application/json").body(Body::Text(value.to_string()))
    };
    let answer = match query.first("kind") {
        Some("bytes") => Response::builder().header("content-type", "image/png").body(Body::Binary(body)),
        Some("refuse") => json(422, json!({ "detail": "x must be a number" })),
        Some("fail") => json(500, json!({ "detail": "out of memory" })),
        _ => {
            let client = match request.request_context_ref() {
                Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
                _ => None,
            };
            let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let x = serde_json::from_slice::<serde_json::Value>(&body)?["x"].clone();
            Response::builder()
                .header("content-type", "application/json")
                .header("set-cookie", "seen=1")
                .header("set-cookie", "model=v1")
                .body(Body::Text(json!({ "x": x, "client": client, "agent": header("user-agent"), "cookies": header("cookie"), "query": query.all("q") }).to_string()))
        }
    };
    Ok(answer?)
}
