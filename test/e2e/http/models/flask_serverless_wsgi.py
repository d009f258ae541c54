import serverless_wsgi
from flask_apig_wsgi import app


def handler(event, context):
    return serverless_wsgi.handle_request(app, event, context)
