"""Downloads the pictures of the emulator."""

import struct
import urllib.request
import zlib


def png(url):
    """Downloads a picture, which must be whole, and returns its size and the file."""
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["content-type"] == "image/png", answer.headers
        file = answer.read()
    assert file[:8] == b"\x89PNG\r\n\x1a\n", file[:8]
    at, data = 8, b""
    while at < len(file):
        (length,) = struct.unpack(">I", file[at : at + 4])
        name, content = file[at + 4 : at + 8], file[at + 8 : at + 8 + length]
        (sum_,) = struct.unpack(">I", file[at + 8 + length : at + 12 + length])
        assert zlib.crc32(name + content) == sum_, name
        if name == b"IHDR":
            width, height = struct.unpack(">II", content[:8])
        if name == b"IDAT":
            data += content
        at += 12 + length
    assert len(zlib.decompress(data)) == (width * 3 + 1) * height
    return (width, height), file
