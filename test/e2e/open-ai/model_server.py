"""Serves a model by llama.cpp's own server, on a port of its choice, until the input ends."""
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_ctx = 1024
parameters.n_parallel = 2
parameters.n_threads_http = 2
parameters.warmup = False
parameters.port = 0
parameters.cpuparams.n_threads = 1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
