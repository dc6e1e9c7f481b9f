"""What looks like a secret never reaches a person; ordinary text stays readable."""

import pytest

from integrations.masking import MASK, mask, secrets_of


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter22222",
        "connect postgres://shop:hunter22222@db/orders",
        "db_password=hunter22222",
        '{"api_key": "hunter22222"}',
        "started with --token hunter22222",
        "using xoxb-hunter22222-abc",
        "key AKIAHUNTER22222XYZ",
    ],
)
def test_a_secret_is_taken_out(text: str):
    masked = mask(text)
    assert "hunter2" not in masked.lower()
    assert MASK in masked


def test_a_named_secret_is_taken_out_wherever_it_stands():
    assert mask("it said s3same twice: s3same", ["s3same"]) == f"it said {MASK} twice: {MASK}"


@pytest.mark.parametrize("text", ["OSError: [Errno 98] Address already in use", "GET /healthz 200", "the token expired", ""])
def test_ordinary_text_stays(text: str):
    assert mask(text) == text


def test_secret_settings_are_known_by_their_names():
    assert secrets_of({"DB_PASSWORD": "one1", "PORT": "7001", "API_KEY": "two2"}) == ("one1", "two2")
