"""What the sandbox remembers survives a killed process and is shared by several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import requests

from planner.channels.sandbox import Sandbox, serve

PROCESS = """
import sys
from planner.channels.sandbox import run_forever
run_forever(sys.argv[1], "127.0.0.1", 0)
"""


def start(path):
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(path)], stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().split()[2]
    return process, address


def write(address, text):
    headers = {"Authorization": "Bearer sandbox-one"}
    return requests.post(f"{address}/2/tweets", json={"text": text}, headers=headers, timeout=20).json()["data"]["id"]


def live(address):
    return [post["id"] for post in requests.get(f"{address}/_sandbox/posts", timeout=20).json()["posts"]]


def test_answered_posts_survive_a_killed_process(tmp_path):
    path = tmp_path / "state.sqlite3"
    process, address = start(path)
    ids = [write(address, f"Post {number}") for number in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    sandbox = Sandbox(path)
    with serve(sandbox) as again:
        assert live(again.url) == ids
    sandbox.close()


def test_two_processes_show_one_world_and_a_polite_signal_ends_one(tmp_path):
    path = tmp_path / "state.sqlite3"
    first, one = start(path)
    second, two = start(path)
    written: list[str] = []

    def fill(address, name):
        written.extend(write(address, f"{name} {number}") for number in range(20))

    threads = [threading.Thread(target=fill, args=pair) for pair in ((one, "a"), (two, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(written) == 40
    assert sorted(live(one)) == sorted(live(two)) == sorted(written)
    for process in (first, second):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        process.stdout.close()


def test_another_speed_at_the_next_start_takes_over_without_making_posts_younger(tmp_path, clock):
    path = tmp_path / "state.sqlite3"
    first = Sandbox(path, now=clock, speed=86_400)
    with serve(first) as running:
        post_id = write(running.url, "Aged")
        clock.pass_(seconds=20)
        before = impressions(running.url, post_id)
    first.close()

    second = Sandbox(path, now=clock, speed=1)
    with serve(second) as running:
        after = impressions(running.url, post_id)
        clock.pass_(days=30)
        later = impressions(running.url, post_id)
    second.close()

    assert 0 < before == after < later


def impressions(address, post_id):
    told = requests.get(
        f"{address}/2/tweets?ids={post_id}&post.fields=public_metrics", headers={"Authorization": "Bearer sandbox-one"}, timeout=20
    )
    return told.json()["data"][0]["public_metrics"]["impression_count"]
