#!/usr/bin/python3
"""A service that says who answers; registry.py says how to run it."""
from flask import Flask

import registry

app = Flask(__name__)


@app.get("/")
def greet():
    return {"host": registry.HOST, "port": registry.PORT, "instance": registry.INSTANCE}


registry.serve(app)
