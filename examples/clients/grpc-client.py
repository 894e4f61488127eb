#!/usr/bin/python3
"""Calls the providers of web.svc.local by turns, all at port 8443: grpc-client.py prints what each says of its health."""

import json
import time

import grpc

# The name server stands in the target, and not without its port; `dns:///web.svc.local:8443` asks those of /etc/resolv.conf. SRV is not asked for.
TARGET = "dns://127.0.0.153:53/web.svc.local:8443"
CLIENT = [
    # The default, pick_first, calls one provider as long as it answers.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    # gRPC asks again only when a connection has ended, and then at most each 30 seconds unless this says otherwise.
    ("grpc.dns_min_time_between_resolutions_ms", 5000),
]
# For grpc.server(): servers must end connections now and then, or clients never see that a provider has come. Calls under way are finished.
SERVER = [("grpc.max_connection_age_ms", 30000), ("grpc.max_connection_age_grace_ms", 10000)]
METHOD = "/grpc.health.v1.Health/Check"

if __name__ == "__main__":
    with grpc.insecure_channel(TARGET, options=CLIENT) as channel:
        while True:
            print(channel.unary_unary(METHOD)(b"", timeout=5), flush=True)
            time.sleep(1)
