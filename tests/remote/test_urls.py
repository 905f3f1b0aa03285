"""Which URLs are refused before anything is asked for."""

from __future__ import annotations

import pytest

from mobilenet_cli.remote.urls import refusal


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "local:///etc/passwd",
        "zip://a.jpg::file:///srv/b.zip",
        "zip://a.jpg::/srv/b.zip",
        "zip://a.jpg::b.zip",
        "tar://a.jpg::zip://b.tar::file:///c.zip",
        "filecache://a::file:///etc/passwd",
        "simplecache://a::local:///etc/passwd",
        "git://repository:main@a.jpg",
    ],
)
def test_a_url_never_leads_to_a_file_of_this_machine(url):
    assert refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://x.org/a.jpg",
        "https://x.org/a::b.jpg",
        "s3://bucket/a.jpg",
        "zip://a.jpg::s3://bucket/b.zip",
        "ftp://x/a",
    ],
)
def test_others_may_be_read(url):
    assert refusal(url) is None
