"""A mock, a browser and its pages."""

from tests.support.browser import _caller, _mock, browser, caller, mock, page, phone, seen

__all__ = ["_caller", "_mock", "browser", "caller", "mock", "page", "phone", "seen"]
