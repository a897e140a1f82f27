"""Speech calls of the `dashscope` SDK against the emulator, each with what must come of it.

Started by dashscope_speech.sh, with the base URLs of an emulator in the environment. What is spoken is
recognized again, over HTTP, as a task, and live; where there is ffprobe, it reads every format.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import dashscope
from dashscope import MultiModalConversation
from dashscope.audio.asr import Recognition, RecognitionCallback, Transcription
from dashscope.audio.http_tts import HttpSpeechSynthesizer
from dashscope.audio.qwen_asr import QwenTranscription
from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams
from dashscope.audio.qwen_tts import SpeechSynthesizer as QwenSpeechSynthesizer
from dashscope.audio.qwen_tts_realtime import AudioFormat as RealtimeFormat
from dashscope.audio.qwen_tts_realtime import QwenTtsRealtime, QwenTtsRealtimeCallback
from dashscope.audio.tts_v2 import AudioFormat, ResultCallback, SpeechSynthesizer, VoiceEnrollmentService

SOCKET = os.environ["DASHSCOPE_WEBSOCKET_BASE_URL"]
REALTIME = SOCKET.replace("/inference", "/realtime")
TEXT = "Hello there, this is a test. It has two sentences."
VOICE = {"model": "cosyvoice-v3-flash", "voice": "longanyang"}
FOLDER = Path(tempfile.mkdtemp())


def step(text):
    print(f"  {text}")


def saved(name, data):
    path = FOLDER / name
    path.write_bytes(data)
    return path


def fetched(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def probe(path, seconds, *options):
    """Has ffprobe read a file, which must be as long as its text says."""
    if not shutil.which("ffprobe"):
        return
    command = ["ffprobe", "-v", "warning", *options, "-show_entries", "format=duration", "-of", "json", path]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found = float(json.loads(ran.stdout)["format"]["duration"])
    assert abs(found - seconds) < 0.15, (path, found, seconds)
    # MP3 has no table of contents, and streamed WAV no length: its end comes as a surprise.
    expected = ("Estimating duration from bitrate", "Ignoring maximum wav data size", "Packet corrupt")
    warnings = [line for line in ran.stderr.splitlines() if not any(text in line for text in expected)]
    assert not warnings, (path, warnings)
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", *options, "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    assert not decoded.stderr, (path, decoded.stderr)


# Synthesis over HTTP
spoken = {}
for kind in ("wav", "mp3", "pcm"):
    result = HttpSpeechSynthesizer.call(text=TEXT, audio_format=kind, sample_rate=16000, **VOICE)
    assert result.audio_url.startswith("http://127.0.0.1"), result.audio_url
    assert result.audio_id and result.expires_at > time.time(), result.expires_at
    spoken[kind] = (result.audio_url, saved(f"whole.{kind}", fetched(result.audio_url)))
    raw = ("-f", "s16le", "-ar", "16000", "-ac", "1") if kind == "pcm" else ()
    probe(spoken[kind][1], len(TEXT) * 0.06, *raw)
pieces = list(HttpSpeechSynthesizer.call(text=TEXT, audio_format="pcm", sample_rate=16000, stream=True, **VOICE))
assert pieces[-1].audio_data == spoken["pcm"][1].read_bytes() and pieces[-1].audio_url, pieces[-1].audio_url
step("HttpSpeechSynthesizer: wav, mp3 and pcm, whole and streamed")

answer = QwenSpeechSynthesizer.call(model="qwen3-tts-flash", text=TEXT, voice="Cherry")
assert answer.status_code == 200 and answer.usage["characters"] == len(TEXT), answer
qwen = saved("qwen.wav", fetched(answer.output.audio["url"]))
probe(qwen, len(TEXT) * 0.06)
chunks = list(MultiModalConversation.call(model="qwen3-tts-flash", text=TEXT, voice="Cherry", stream=True))
samples = b"".join(base64.b64decode(chunk.output.audio["data"]) for chunk in chunks)
assert samples == qwen.read_bytes()[44:] and chunks[-1].output.audio["url"], chunks[-1]
step("qwen_tts and MultiModalConversation: a file, and samples")


# Synthesis over WebSocket
class Heard(ResultCallback):
    def __init__(self):
        self.audio, self.events, self.done = b"", [], threading.Event()

    def on_data(self, data):
        self.audio += data

    def on_event(self, message):
        self.events.append(json.loads(message))

    def on_error(self, message):
        self.events.append(json.loads(message))
        self.done.set()

    def on_complete(self):
        self.done.set()


whole = SpeechSynthesizer(**VOICE).call(TEXT)
probe(saved("socket.mp3", whole), len(TEXT) * 0.06)
callback = Heard()
synthesizer = SpeechSynthesizer(format=AudioFormat.WAV_16000HZ_MONO_16BIT, callback=callback, **VOICE)
for text in ("Hello there, this is", " a test. It has", " two sentences."):
    synthesizer.streaming_call(text)
synthesizer.streaming_complete()
assert callback.done.is_set()
live = saved("socket.wav", callback.audio)
assert live.read_bytes()[44:] == spoken["pcm"][1].read_bytes()
probe(live, len(TEXT) * 0.06)
ends = [event["payload"] for event in callback.events if event["payload"]["output"]["type"] == "sentence-end"]
assert [end["output"]["original_text"] for end in ends] == ["Hello there, this is a test.", "It has two sentences."]
assert synthesizer.get_response()["payload"]["usage"]["characters"] == len(TEXT)
try:
    SpeechSynthesizer(model="nobody", voice="x").call(TEXT)
    raise AssertionError("an unknown model spoke")
except Exception as error:
    assert "does not exist" in str(error), error
step("tts_v2: call, streaming_call, a failed task")


class Realtime(QwenTtsRealtimeCallback):
    def __init__(self):
        self.audio, self.events, self.closed = b"", [], threading.Event()

    def on_event(self, message):
        self.events.append(message)
        if message["type"] == "response.audio.delta":
            self.audio += base64.b64decode(message["delta"])

    def on_close(self, close_status_code, close_msg):
        self.closed.set()


realtime = Realtime()
session = QwenTtsRealtime(model="qwen3-tts-flash-realtime", callback=realtime, url=REALTIME)
session.connect()
session.update_session(voice="Cherry", response_format=RealtimeFormat.PCM_24000HZ_MONO_16BIT, mode="server_commit")
session.append_text("Hello there, this is a test. It has")
session.append_text(" two sentences.")
session.finish()
assert realtime.closed.wait(10), realtime.events
assert realtime.audio == qwen.read_bytes()[44:], len(realtime.audio)
usages = [event["response"]["usage"]["characters"] for event in realtime.events if event["type"] == "response.done"]
assert sum(usages) == len(TEXT), usages
assert realtime.events[-1]["type"] == "session.finished", realtime.events[-1]
step("qwen_tts_realtime: a session that commits by itself")

# Short audio
for kind in ("wav", "mp3"):
    content = [{"audio": spoken[kind][0]}]
    heard = MultiModalConversation.call(
        model="qwen3-asr-flash", messages=[{"role": "user", "content": content}], asr_options={"enable_itn": False}
    )
    message = heard.output.choices[0].message
    assert message.content[0]["text"] == TEXT, heard
    assert message.annotations[0]["language"] == "en", heard
heard = MultiModalConversation.call(
    model="qwen3-asr-flash", messages=[{"role": "user", "content": [{"audio": f"file://{spoken['mp3'][1]}"}]}]
)
assert heard.status_code == 200 and heard.output.choices[0].message.content[0]["text"] == TEXT, heard
step("MultiModalConversation hears what was spoken: by URL, and in an uploaded file")

# Files as tasks
urls = [spoken["wav"][0], "https://files.invalid/b.wav", "https://example.com/c.wav"]
task = Transcription.async_call(model="paraformer-v2", file_urls=urls, language_hints=["en"])
assert task.status_code == 200 and task.output.task_status == "PENDING", task
done = Transcription.wait(task)
assert done.output.task_status == "SUCCEEDED", done
states = [result["subtask_status"] for result in done.output.results]
assert states == ["SUCCEEDED", "FAILED", "SUCCEEDED"], done
assert done.output.results[1]["code"] == "InvalidFile.DownloadFailed", done
transcript = json.loads(fetched(done.output.results[0]["transcription_url"]))["transcripts"][0]
assert transcript["text"] == TEXT and len(transcript["sentences"]) == 2, transcript
assert json.loads(fetched(done.output.results[2]["transcription_url"]))["transcripts"][0]["text"]
done = QwenTranscription.wait(QwenTranscription.async_call(model="qwen3-asr-flash-filetrans", file_url=urls[0]))
assert json.loads(fetched(done.output.result["transcription_url"]))["transcripts"][0]["text"] == TEXT, done
assert done.usage["seconds"] == 3, done
failed = QwenTranscription.call(model="qwen3-asr-flash-filetrans", file_url=urls[1])
assert failed.output.task_status == "FAILED" and failed.output.code == "FILE_403_FORBIDDEN", failed
step("Transcription: several files with one that fails; QwenTranscription: one file")


# Live
class Sentences(RecognitionCallback):
    def __init__(self):
        self.tentative, self.fixed, self.errors, self.done = [], [], [], threading.Event()

    def on_event(self, result):
        sentence = result.get_sentence()
        ended = result.is_sentence_end(sentence)
        (self.fixed if ended else self.tentative).append(sentence["text"])

    def on_error(self, result):
        self.errors.append(result)
        self.done.set()

    def on_complete(self):
        self.done.set()


EXPECTED = ["Hello there, this is a test.", "It has two sentences."]
recognition = Recognition(model="paraformer-realtime-v2", format="wav", sample_rate=16000, callback=None)
once = recognition.call(str(spoken["wav"][1]))
assert once.status_code == 200, once
assert [sentence["text"] for sentence in once.get_sentence()] == EXPECTED, once
callback = Sentences()
recognition = Recognition(model="fun-asr-realtime", format="pcm", sample_rate=16000, callback=callback)
recognition.start()
pcm = spoken["pcm"][1].read_bytes()
for start in range(0, len(pcm), 3200):
    recognition.send_audio_frame(pcm[start : start + 3200])
recognition.stop()
assert callback.fixed == EXPECTED and not callback.errors, (callback.fixed, callback.errors)
assert any(EXPECTED[0].startswith(text) and text for text in callback.tentative), callback.tentative
callback = Sentences()
recognition = Recognition(model="nobody", format="pcm", sample_rate=16000, callback=callback)
recognition.start()
assert callback.done.wait(10) and "does not exist" in callback.errors[0].message, callback.errors
step("Recognition: a file, a stream, a failed task")


class Transcripts(OmniRealtimeCallback):
    def __init__(self):
        self.events, self.ready, self.closed = [], threading.Event(), threading.Event()

    def on_event(self, message):
        self.events.append(message)
        if message["type"] == "session.updated":
            self.ready.set()

    def on_close(self, close_status_code, close_msg):
        self.closed.set()


callback = Transcripts()
session = OmniRealtimeConversation(model="qwen3-asr-flash-realtime", callback=callback, url=REALTIME)
session.connect()
session.update_session(
    output_modalities=[MultiModality.TEXT],
    enable_turn_detection=True,
    transcription_params=TranscriptionParams(language="en", sample_rate=16000, input_audio_format="pcm"),
)
assert callback.ready.wait(10), callback.events
for start in range(0, len(pcm), 3200):
    session.append_audio(base64.b64encode(pcm[start : start + 3200]).decode())
session.end_session()
done = [event for event in callback.events if event["type"].endswith("transcription.completed")]
assert [event["transcript"] for event in done] == [TEXT], callback.events
session.close()
step("qwen_omni: a session that listens")

# Voices
service = VoiceEnrollmentService()
voice = service.create_voice(target_model="cosyvoice-v3-flash", prefix="demo", url="https://example.com/a.wav")
assert voice.startswith("cosyvoice-v3-flash-demo-"), voice
assert [row["voice_id"] for row in service.list_voices(prefix="demo")] == [voice]
assert service.query_voice(voice)["status"] == "OK"
service.delete_voice(voice)
assert service.list_voices() == []
step("VoiceEnrollmentService: made, listed, queried, deleted")
shutil.rmtree(FOLDER)
