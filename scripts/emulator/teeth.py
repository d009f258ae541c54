"""MiniStack with the teeth that AWS has and it lacks.

- IAM is enforced: a function may do what its role's policies say and nothing else (MiniStack's own AUTH mode).
- The address that a wait condition or a custom resource is answered at is signed once and dies with its day. A test makes the day pass
  with POST /_teeth/expire-handles.
- Lambda's asynchronous queue and CloudFormation deliver at least once: every such event comes again after TEETH_TWICE_AFTER seconds, but for
  requests handed to shadows; 0 turns it off.
- A function is frozen between invocations (SIGSTOP), and connections that idle are closed in the meantime.
- An alarm watches the metric that its dimensions name; one that takes missing data for health ends when there is none.
- Each nth call of a function to a control-plane service is throttled, n being TEETH_THROTTLE_EVERY; 0 turns it off.
"""

import contextvars
import copy
import os
import re
import signal
import subprocess
import threading
import time
import types

os.environ['AUTH'] = 'true'

from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import cloudwatch, lambda_svc
from ministack.services.cloudformation import custom_resource, wait_conditions

IDLE_SECONDS = float(os.environ.get('TEETH_IDLE_SECONDS', '2'))
TWICE_AFTER = float(os.environ.get('TEETH_TWICE_AFTER', '5'))
THROTTLE_EVERY = int(os.environ.get('TEETH_THROTTLE_EVERY', '20'))

# The loopback interface stands for TLS, which bucket policies demand.
pin_request_origin = iam_evaluator.pin_request_origin
iam_evaluator.pin_request_origin = lambda source_ip, secure: pin_request_origin(source_ip, True)
ministack.pin_request_origin = iam_evaluator.pin_request_origin

# Whatever the program sets: connections that idle are closed early, as a service or a NAT gateway closes them sooner or later.
Config.keep_alive_timeout = property(lambda self: IDLE_SECONDS, lambda self, seconds: None)


class Addresses:
    """Signed addresses: which were given out, and until when S3 takes them."""

    DAY = 86_399

    def __init__(self):
        self.aged = 0.0

    def sign(self, url):
        return f'{url}?X-Amz-Date={int(time.time() + self.aged)}&X-Amz-Expires={self.DAY}'

    def a_day_passes(self):
        self.aged += self.DAY + 1

    def expired(self, query):
        signed = re.search(r'X-Amz-Date=(\d+)&X-Amz-Expires=(\d+)', query)
        return signed is None or time.time() + self.aged > int(signed[1]) + int(signed[2])


addresses = Addresses()
handle_url, response_url = wait_conditions.handle_url, custom_resource._response_url
wait_conditions.handle_url = lambda token: addresses.sign(handle_url(token))
custom_resource._response_url = lambda token: addresses.sign(response_url(token))


def again(run):
    """Once now; and once more, later, in the same account and region."""
    if TWICE_AFTER > 0:
        timer = threading.Timer(TWICE_AFTER, contextvars.copy_context().run, [run])
        timer.daemon = True
        timer.start()
    return run()


invoke_async, execute_for_cloudformation = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function_with_config_scope


def asynchronously(func, event):
    # A copy of every request to a shadow would be another load and other counts, not a rare duplicate.
    shadow = 'Shadow' in (func.get('config') or func).get('FunctionName', '')
    return invoke_async(func, event) if shadow else again(lambda: invoke_async(func, copy.deepcopy(event)))


def for_cloudformation(func, event):
    asked = isinstance(event, dict) and 'ResponseURL' in event
    return again(lambda: execute_for_cloudformation(func, copy.deepcopy(event))) if asked else execute_for_cloudformation(func, event)


lambda_svc.invoke_async_with_retry = asynchronously
lambda_svc._execute_function_with_config_scope = for_cloudformation


class ProcessGroups:
    """Each function in a process group of its own, which the kernel thaws and hangs up when the emulator is gone, however it ends."""

    def __getattr__(self, name):
        return getattr(subprocess, name)

    @staticmethod
    def Popen(*args, **kwargs):
        return subprocess.Popen(*args, **kwargs, preexec_fn=os.setpgrp)


lambda_runtime.subprocess = ProcessGroups()


def thaw(process):
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGCONT)


def frozen_between(invoke):
    def thawed(self, *args, **kwargs):
        thaw(self._proc)
        try:
            return invoke(self, *args, **kwargs)
        finally:
            process = self._proc
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGSTOP)
    return thawed


def thawed_to_end(end):
    return lambda process: (thaw(process), end(process))


lambda_runtime.Worker.invoke = frozen_between(lambda_runtime.Worker.invoke)
lambda_runtime._signal = thawed_to_end(lambda_runtime._signal)

# With every call to CloudWatch the emulator looks for what is two weeks old in all that was ever published. Nothing here lives as long, and
# that look took a quarter of its time.
cloudwatch._evict_old_metrics = lambda: None

# The emulator's own evaluation, over the one metric.
evaluate_one = types.FunctionType(cloudwatch._evaluate_alarm.__code__, {**vars(cloudwatch), '_metrics': {}})
evaluating = threading.Lock()


def evaluate_alarm(alarm):
    named = (alarm.get('Namespace'), alarm.get('MetricName'), cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get('Dimensions') or [])))
    points = cloudwatch._metrics.get(named) or []
    window = alarm.get('Period', 60) * alarm.get('EvaluationPeriods', 1)
    now = time.time()
    with evaluating:
        is_silent = not any(point['Timestamp'] >= now - window for point in points)
        was_set_before = alarm.get('StateUpdatedTimestamp', 0) < now - window
        if is_silent and alarm.get('TreatMissingData') == 'notBreaching' and alarm['StateValue'] == 'ALARM' and was_set_before:
            healthy = alarm['Threshold'] + (1 if alarm['ComparisonOperator'].startswith('LessThan') else -1)
            points = [{'Timestamp': now, 'Value': healthy, 'Unit': 'None'}]
        evaluate_one.__globals__['_metrics'] = {named: points}
        evaluate_one(alarm)


cloudwatch._evaluate_alarm = evaluate_alarm

# Calls that decide about a rollout, in the services whose clients must ride a throttle out.
THROTTLED = re.compile(r'Credential=ASIA[^/]*/\d+/[^/]+/(dynamodb|monitoring|states|cloudformation|application-autoscaling)/')
calls = 0


def throttle(content_type):
    """In the protocol that was spoken: body, and its headers."""
    if b'json' in content_type:
        return b'{"__type":"ThrottlingException","message":"Rate exceeded"}', (b'content-type', content_type)
    return (b'<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
            (b'content-type', b'text/xml'))


async def app(scope, receive, send):
    global calls
    if scope['type'] != 'http':
        return await ministack_app(scope, receive, send)
    path, query = scope['path'], scope.get('query_string', b'').decode()

    async def reply(status, body, *headers):
        while (await receive()).get('more_body'):
            pass
        await send({'type': 'http.response.start', 'status': status, 'headers': list(headers)})
        await send({'type': 'http.response.body', 'body': body})

    if path == '/_teeth/expire-handles':
        addresses.a_day_passes()
        return await reply(200, b'{}')
    if path.startswith(('/_ministack/cfn-signal/', '/_ministack/cfn-response/')) and addresses.expired(query):
        return await reply(403, b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>')
    if THROTTLE_EVERY > 0:
        authorization = next((value.decode('latin-1') for name, value in scope['headers'] if name.lower() == b'authorization'), '')
        if THROTTLED.search(authorization):
            calls += 1
            if calls % THROTTLE_EVERY == 0:
                return await reply(400, *throttle(dict(scope['headers']).get(b'content-type', b'')))
    await ministack_app(scope, receive, send)


ministack_app, ministack.app = ministack.app, app

if __name__ == '__main__':
    ministack.main()
