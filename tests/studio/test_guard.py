"""Nobody but who was given the address is let in: other sites' pages, names that lead here, other tabs' cookies."""

import pytest

from tests.studio.conftest import serving

exceptions = pytest.importorskip("websockets.exceptions")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """One for all of these: nothing that they do is let in."""
    with serving(tmp_path_factory.mktemp("studio")) as served:
        yield served


def test_the_first_address_gives_a_cookie_that_no_script_and_no_other_site_has(studio):
    status, headers, body = studio.request("GET", f"/?token={studio.token}", {"Cookie": "", "Origin": ""})
    assert status == 200 and studio.token.encode() not in body and b"url=/" in body
    told = headers["set-cookie"].lower()
    assert "httponly" in told and "samesite=strict" in told and studio.token not in headers["set-cookie"]
    assert studio.request("GET", "/")[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/pages/studio.js", "/texts/make.en.json", "/files/a/b/clip.mp4"]
)
def test_without_the_token_nothing_is_served(studio, path):
    for cookie in ("", "cuspworld=1", f"cuspworld-{studio.port}=guessed", f"cuspworld-{studio.port}=" + "x" * 5000):
        status, headers, body = studio.request("GET", path, {"Cookie": cookie, "Origin": ""})
        assert status == 403 and b"cusp studio" in body and "set-cookie" not in headers


HOSTS = (
    "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "[::1]",
)  # fmt: skip
ORIGINS = ("http://evil.example", "http://localhost:1", "null", "https://127.0.0.1:{port}", "")


@pytest.mark.parametrize("host", HOSTS)
def test_another_name_that_leads_here_is_turned_away(studio, host):
    """DNS rebinding: the browser of a stranger's page sends that page's host, whatever cookies it has."""
    named = {"Host": host.format(port=studio.port)}
    for path in ("/", f"/?token={studio.token}", "/pages/studio.js"):
        status, headers, _ = studio.request("GET", path, named)
        assert status == 403 and "set-cookie" not in headers
    with pytest.raises(exceptions.InvalidStatus) as refused:
        studio.tab(Host=host.format(port=studio.port))
    assert refused.value.response.status_code in (400, 403)  # 400: two hosts were named


@pytest.mark.parametrize("origin", ORIGINS)
def test_what_another_page_posts_is_refused_whatever_cookie_comes_with_it(studio, origin):
    before = sorted(studio.folder.rglob("*"))
    headers = {"Origin": origin.format(port=studio.port), "X-Tab": "any", "Content-Type": "text/plain"}
    assert studio.request("POST", "/uploads", headers, b"video")[0] == 403
    assert sorted(studio.folder.rglob("*")) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_request_that_the_browser_says_is_of_another_page_is_refused(studio, site):
    assert studio.request("GET", "/", {"Origin": "", "Sec-Fetch-Site": site})[0] == 403
    assert studio.request("GET", "/", {"Origin": "", "Sec-Fetch-Site": "none"})[0] == 200
    # the printed address is followed from a terminal in another page too; the answer holds nothing
    assert studio.request("GET", f"/?token={studio.token}", {"Origin": "", "Sec-Fetch-Site": site})[0] == 200


@pytest.mark.parametrize("wrong", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Cookie": "a=b"}])
def test_a_websocket_of_another_page_is_refused_before_it_opens(studio, wrong):
    with pytest.raises(exceptions.InvalidStatus) as refused:
        studio.tab(**wrong)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(studio, method):
    assert studio.request(method, "/uploads")[0] in (405, 404)
    assert studio.request(method, "/", {"Origin": "http://evil.example"})[0] == 403


def test_every_answer_forbids_what_comes_from_elsewhere(studio):
    for path in ("/", "/pages/studio.js", "/pages/style.css", "/texts/frame.zh.json", "/nowhere"):
        _, headers, _ = studio.request("GET", path)
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    ["/pages/../app.py", "/pages/%2e%2e/app.py", "/pages/..%2fapp.py", "/texts/..%5c..%5capp.py", "/pages//etc/passwd",
     "/files/../../etc/passwd", "/files/a/b/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/docs", "/openapi.json"],
)  # fmt: skip
def test_no_path_leads_out_of_the_pages(studio, path):
    assert studio.request("GET", path)[0] in (403, 404)
