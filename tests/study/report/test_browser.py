"""The clip report in a browser: it plays from a file, sends no requests, and can be used without a mouse."""

from __future__ import annotations

import base64
import io
import json
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.study.report.writer import write_clip_report
from tests.study.report.clip_result import ED, ES, RUN, make_masks, make_measurements, make_table

selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium or chromedriver is not installed"),
]
QUIET = ("background-networking", "component-update", "sync", "gpu", "quic")
EVIL = "</script><script>document.title = 'taken over'</script>"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    masks = make_masks((160, 120))
    measurements = make_measurements(masks)
    object.__setattr__(measurements.clip, "id", EVIL)  # frozen and checked, so that no reader gives such a name
    path = tmp_path_factory.mktemp("browser") / "report.html"
    gray = (60 * (masks > 0) + 40).astype(np.uint8)
    write_clip_report(path, measurements, make_table(masks), RUN, lambda t: gray[..., t], lambda t: masks[..., t])
    return path


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "no-first-run", *(f"disable-{name}" for name in QUIET)):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium, report):
    """The report just opened, 1200 pixels wide."""
    resize(chromium, 1200)
    chromium.get_log("performance")
    chromium.get(report.as_uri())
    wait(lambda: chromium.execute_script("return document.documentElement.dataset.ready === 'true'"))
    return chromium


def resize(driver, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def wait(condition, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the page did not get there in time"
        time.sleep(0.02)


def find(page, selector: str):
    return page.find_element("css selector", selector)


def position(page) -> int:
    return int(find(page, "#slider").get_property("value"))


def screen(page) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(find(page, ".screen").screenshot_as_base64)))
    return np.asarray(picture.convert("RGB")).astype(int)


def redness(page) -> int:
    red, green, blue = np.moveaxis(screen(page), -1, 0)
    return int((red > green + 60).sum())


def test_the_page_opens_from_a_file_without_errors_or_requests_and_runs_only_its_own_script(page):
    assert page.get_log("browser") == [] and page.title == f"Clip {EVIL}"
    assert page.execute_script("return performance.getEntriesByType('resource').map(e => e.name)") in ([], ["data:,"])
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    requested = [
        e["request"]["url"] for e in sent if not e["documentURL"].startswith("chrome://")
    ]  # not its start page
    assert [url for url in requested if not url.startswith("data:")] == [page.current_url]


def test_play_advances_the_frame_the_image_and_the_cursor_and_can_be_paused(page):
    assert position(page) == ED[0]
    before, cursor = screen(page), find(page, ".cursor").get_attribute("x1")
    find(page, "#play").click()
    wait(lambda: position(page) > 2)
    assert find(page, "#play").get_attribute("aria-label") == "Pause"
    find(page, "#play").click()
    stopped = position(page)
    time.sleep(0.2)
    assert position(page) == stopped and find(page, ".cursor").get_attribute("x1") != cursor
    assert (screen(page) != before).any()


def test_the_clip_plays_at_its_recorded_speed(page):
    script = """
    const done = arguments[0], seen = [];
    const watch = setInterval(() => seen.push([performance.now(), Number(document.getElementById("slider").value)]), 5);
    document.getElementById("play").click();
    setTimeout(() => { clearInterval(watch); done(seen); }, 600);
    """
    seen = np.array(page.execute_async_script(script))
    rate = np.polyfit(seen[:, 0] / 1000, seen[:, 1], 1)[0]
    assert rate == pytest.approx(25, rel=0.15)


def test_a_click_on_the_curve_shows_that_frame_and_hovering_its_values(page):
    plot = find(page, ".plot")
    offset = round(plot.rect["width"] * (ES[1] / 23 - 0.5))
    selenium.ActionChains(page).move_to_element_with_offset(plot, offset, 0).perform()
    assert position(page) == ED[0] and find(page, "#readout").text == f"Frame {ES[1]}, 0.60 s"
    shown = float(find(page, "output[data-plot='2'][data-name=LV]").text)
    assert shown == pytest.approx(make_table(make_masks((160, 120))).area_cm2["LV"][ES[1]], abs=0.05)
    selenium.ActionChains(page).click().perform()
    assert position(page) == ES[1]


def test_a_contour_can_be_hidden_and_shown(page):
    with_contour = redness(page)
    toggle = find(page, "input[data-structure=LV]")
    toggle.click()
    assert redness(page) < 0.1 * with_contour
    toggle.click()
    assert redness(page) == with_contour > 100


def test_the_keyboard_steps_and_plays(page):
    body = find(page, "body")
    body.send_keys("\ue014\ue014\ue012")  # right, right, left
    assert position(page) == 1
    body.send_keys(" ")
    wait(lambda: position(page) > 2)
    body.send_keys(" ")
    assert find(page, "#play").get_attribute("aria-label") == "Play"
    find(page, "#slider").send_keys("\ue014")
    assert find(page, "#slider").get_attribute("aria-valuetext").startswith(f"Frame {position(page)}, ")


def test_a_frame_in_the_table_can_be_opened(page):
    find(page, f".seek[data-frame='{ES[1]}']").click()
    assert position(page) == ES[1]


def test_a_click_on_a_beat_shows_its_end_diastole(page):
    row = find(page, "[data-beat='2']")
    row.find_elements("css selector", "td")[-1].click()
    assert position(page) == ED[1]
    row.find_element("css selector", f"[data-frame='{ES[1]}']").click()
    assert position(page) == ES[1], "a button in the row keeps its own frame"
    row.find_element("css selector", "th button").send_keys("\n")
    assert position(page) == ED[1]


def test_the_cursor_is_at_the_same_time_in_all_curves(page):
    find(page, "body").send_keys("\ue014")
    cursors = page.find_elements("css selector", ".cursor")
    assert len(cursors) == 3 and len({cursor.get_attribute("x1") for cursor in cursors}) == 1
    for dot in page.find_elements("css selector", ".dot"):
        assert dot.get_attribute("cx") == cursors[0].get_attribute("x1")


def test_without_scripts_the_stills_are_drawn_and_the_player_is_not(page, report):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get(report.as_uri())
        stills = page.find_elements("css selector", ".still")
        assert len(stills) == 2
        for still in stills:
            pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(still.screenshot_as_base64))).convert("RGB"))
            assert pixels.std() > 5 and (pixels[..., 0].astype(int) > pixels[..., 1] + 60).sum() > 100
        useless = page.find_elements("css selector", ".screen, .player .controls")
        assert useless and not any(element.is_displayed() for element in useless)
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_the_page_needs_no_horizontal_scrolling(page, width):
    resize(page, width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    boxes = page.execute_script(
        "return [...document.querySelectorAll('main *')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(boxes) <= width + 1


def test_the_printout_has_no_controls_and_fits_three_a4_pages(page):
    printed = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.count(b"/Type /Page\n") == 3
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = [find(page, selector).is_displayed() for selector in ("#play", "#slider", ".toggles", "#speed")]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert not any(hidden)
