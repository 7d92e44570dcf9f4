"""Texts by code: both languages hold the same keys, and every code that a verdict can carry has its words."""

import re

import pytest
from testamur.api.view import FACTS
from testamur.language import LANGUAGES, chosen_from_environment, chosen_from_header, language
from testamur.verification.verdict import _EXIT_CODES, CHECK_NAMES


def test_both_languages_hold_the_same_keys() -> None:
    assert language("en").texts.keys() == language("zh").texts.keys()


def test_both_languages_place_the_same_facts_in_a_text() -> None:
    for key, text in language("en").texts.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", language("zh").texts[key])), key


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_verdict_code_says_what_it_means_and_what_to_do(tag: str) -> None:
    words = language(tag)
    for code in _EXIT_CODES:
        for part in ("headline", "meaning", "next"):
            assert words.find(f"code.{code}.{part}"), f"{code}.{part}"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_check_and_fact_has_its_words(tag: str) -> None:
    words = language(tag)
    wanted = [f"check.{name}.{part}" for name in CHECK_NAMES for part in ("name", "what", "by", "when", "pass")]
    assert [key for key in (*wanted, *(f"fact.{name}" for name in FACTS)) if words.find(key) is None] == []


def test_no_text_is_left_untranslated() -> None:
    english, chinese = language("en").texts, language("zh").texts
    same = {key for key in english if english[key] == chinese[key]}
    assert same == set()


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "TESTAMUR_LANG": "zh"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], tag: str) -> None:
    assert chosen_from_environment(environment) == tag


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.9", "en"),
        ("de,fr;q=0.5", "en"),
        ("de, zh-TW;q=0.3, en;q=0.2", "zh"),
        ("zh;q=much, en", "en"),
        (",;;=,", "en"),
    ],
)
def test_the_browser_chooses_the_language(header: str | None, tag: str) -> None:
    assert chosen_from_header(header) == tag


def test_a_missing_fact_never_breaks_a_sentence() -> None:
    assert language("en").text("check.anchor.when") == "Recorded …."
