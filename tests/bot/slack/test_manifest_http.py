from bot.slack.http_way import PATH
from bot.slack.install import REDIRECT
from bot.slack.manifest import http_manifest, manifest


def test_every_address_of_the_http_manifest_is_one_that_we_answer():
    made = http_manifest("https://rollbot.example.com/", several=True)
    address = f"https://rollbot.example.com{PATH}"
    assert [command["url"] for command in made["features"]["slash_commands"]] == [address]
    assert made["settings"]["interactivity"]["request_url"] == address
    assert made["settings"]["interactivity"]["message_menu_options_url"] == address
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["oauth_config"]["redirect_urls"] == [f"https://rollbot.example.com{REDIRECT}"]
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["org_deploy_enabled"] is True
    assert "app_uninstalled" in made["settings"]["event_subscriptions"]["bot_events"]


def test_it_is_the_same_app_otherwise():
    one, other = manifest(), http_manifest("https://x")
    assert one["oauth_config"]["scopes"] == other["oauth_config"]["scopes"]
    assert one["settings"]["socket_mode_enabled"] is True
    assert "redirect_urls" not in other["oauth_config"]
