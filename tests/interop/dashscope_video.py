"""Video calls of the `dashscope` SDK against the emulator, each with what must come of it.

Started by dashscope.sh. DASHSCOPE_HTTP_BASE_URL is an emulator without faults; the arguments are
the base URLs of one that throttles the first poll, one that is unavailable for the first poll,
and one whose tasks fail.
"""

import os
import sys
import tempfile
import time
import urllib.error
import urllib.request

import dashscope
from dashscope import VideoSynthesis

PLAIN = os.environ["DASHSCOPE_HTTP_BASE_URL"]
THROTTLED, UNAVAILABLE, FAILING = sys.argv[1:]
TEXT = {"model": "wan2.6-t2v", "prompt": "a cat", "size": "1280*720", "duration": 2}


def submitted(**call):
    """Submits a clip, which must be taken."""
    time.sleep(0.25)  # five a second are
    answer = VideoSynthesis.async_call(**call)
    assert answer.status_code == 200, answer
    assert answer.output.task_status == "PENDING" and answer.output.task_id, answer
    return answer


def step(text):
    print(f"  {text}")


# async_call, fetch, wait
assert dashscope.base_http_api_url == PLAIN
task = submitted(**TEXT, prompt_extend=True, shot_type="multi", seed=7, watermark=False)
fetched = VideoSynthesis.fetch(task)
assert fetched.status_code == 200, fetched
assert fetched.output.task_status in ("PENDING", "RUNNING"), fetched
done = VideoSynthesis.wait(task)
assert done.output.task_status == "SUCCEEDED", done
assert done.usage["video_count"] == 1 and done.usage["size"] == "1280*720", done.usage
assert done.usage["duration"] == 2 and done.usage["SR"] == 720, done.usage
assert done.output.task_id == task.output.task_id, done
with urllib.request.urlopen(done.output.video_url) as answer:
    clip = answer.read()
    assert answer.headers["content-type"] == "video/mp4", answer.headers
assert clip[4:8] == b"ftyp" and len(clip) < 64 << 10, clip[:16]
try:
    urllib.request.urlopen(done.output.video_url.replace("Signature=", "Signature=x"))
    raise AssertionError("a forged address was taken")
except urllib.error.HTTPError as error:
    assert error.code == 403 and b"SignatureDoesNotMatch" in error.read(), error
step(f"async_call, fetch, wait: a clip of {len(clip)} bytes")

# list
listed = VideoSynthesis.list()
assert listed.status_code == 200, listed
assert listed.output["total"] == 1, listed.output
row = listed.output["data"][0]
assert row["task_id"] == task.output.task_id and row["status"] == "SUCCEEDED", row
assert row["model_name"] == "wan2.6-t2v" and row["gmt_create"] > 1_700_000_000_000, row
assert VideoSynthesis.list(status="FAILED").output["total"] == 0
assert VideoSynthesis.list(model_name="wan2.6-t2v", page_size=5).output["page_size"] == 5
step("list: filters and pages")

# cancel: what waits, and what does not
task = submitted(**TEXT)
assert VideoSynthesis.cancel(task).status_code == 200
canceled = VideoSynthesis.wait(task)
assert canceled.output.task_status == "CANCELED", canceled
refused = VideoSynthesis.cancel(done)
assert refused.status_code == 400 and refused.code == "UnsupportedOperation", refused
step("cancel: a task that waits, and none that is done")

# call with a file of this machine: policy, form, oss://, the header
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a cat.png")
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n, or nearly")
    made = VideoSynthesis.call(
        model="wan2.6-i2v", prompt="it moves", img_url="file://" + path, resolution="720P", duration=2
    )
assert made.status_code == 200 and made.output.task_status == "SUCCEEDED", made
assert made.usage["duration"] == 2 and "size" not in made.usage, made.usage
step("call: a local file is uploaded and used")

# other protocols and paths
frames = submitted(
    model="wan2.2-kf2v-flash",
    prompt="x",
    first_frame_url="https://example.com/1.png",
    last_frame_url="https://example.com/2.png",
)
media = submitted(
    model="wan2.7-i2v",
    prompt="x",
    media=[{"type": "first_frame", "url": "https://example.com/1.png"}],
    resolution="720P",
)
for task, count in ((frames, "video_duration"), (media, "output_video_duration")):
    ended = VideoSynthesis.wait(task)
    assert ended.output.task_status == "SUCCEEDED" and ended.usage[count] == 5, ended
step("kf2v's path and wan2.7's media")

# what is refused, and what nobody knows
wrong = VideoSynthesis.async_call(**{**TEXT, "size": "1*1"})
assert wrong.status_code == 400 and wrong.code == "InvalidParameter", wrong
wrong = VideoSynthesis.async_call(**{**TEXT, "model": "wan0.1-t2v"})
assert wrong.status_code == 404 and wrong.code == "ModelNotFound", wrong
wrong = VideoSynthesis.async_call(**TEXT, api_key="sk-sp-1")
assert wrong.status_code == 401 and wrong.code == "InvalidApiKey", wrong
unknown = VideoSynthesis.wait("never-was")
assert unknown.status_code == 200 and unknown.output.task_status == "UNKNOWN", unknown
step("refusals, and a task that nobody knows")

# the SDK's second client
client = dashscope.Client(api_key="sk-test", base_url=PLAIN)
job = client.videos.generate(model="wan2.7-t2v", prompt="x", resolution="720P", duration=2)
assert job.status == "SUCCEEDED" and job.video_url, job
assert client.videos.jobs.wait(job.task_id).video_url == job.video_url
step("the second client: generate, wait")

# faults: the SDK returns a 429 at once and waits out a 503
dashscope.base_http_api_url = THROTTLED
task = submitted(**TEXT)
throttled = VideoSynthesis.wait(task)
assert throttled.status_code == 429 and throttled.code == "Throttling.RateQuota", throttled
assert VideoSynthesis.wait(task).output.task_status == "SUCCEEDED"
dashscope.base_http_api_url = UNAVAILABLE
ended = VideoSynthesis.wait(submitted(**TEXT))
assert ended.status_code == 200 and ended.output.task_status == "SUCCEEDED", ended
dashscope.base_http_api_url = FAILING
failed = VideoSynthesis.call(**TEXT)
assert failed.status_code == 200 and failed.output.task_status == "FAILED", failed
assert failed.output.code == "DataInspectionFailed", failed
step("a throttled poll, an unavailable one, a task that fails")
