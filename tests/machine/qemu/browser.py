"""Chromium without a screen, as a person's browser that has never been anywhere."""

import contextlib
import pathlib

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=900,1200"]
PICTURES = pathlib.Path("out/screenshots")


class Browser:
    def __init__(self, driver):
        self.driver = driver
        PICTURES.mkdir(parents=True, exist_ok=True)

    def open(self, url):
        self.driver.get(url)

    def fill(self, label, text):
        """Types into the field with this label, found as a person or a screen reader would."""
        field = self.driver.find_element(By.XPATH, f"//label[normalize-space()='{label}']").get_attribute("for")
        self.driver.find_element(By.ID, field).send_keys(text)

    def press(self, button):
        self.driver.find_element(By.XPATH, f"//button[normalize-space()='{button}']").click()

    def wait_for(self, text, within):
        """Waits until the page says something; what it says instead is in the failure, and in a picture."""
        try:
            WebDriverWait(self.driver, within, 0.2, ignored_exceptions=[WebDriverException]).until(lambda _: text in self.text())
        except TimeoutException:
            self.picture("not-reached")
            raise AssertionError(f"not within {within} s: the page says {text!r}. It says:\n{self.text()}") from None

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def value_of(self, term):
        """The value beside a term in one of the page's lists."""
        return self.driver.find_element(By.XPATH, f"//dt[normalize-space()='{term}']/following-sibling::dd/code").text

    def picture(self, name):
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))


@contextlib.contextmanager
def browser(profile):
    options = webdriver.ChromeOptions()
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
