"""The Web API through Slack's own SDK: answers, errors by name, membership, metadata, threads, uploads."""

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.client import PageClient
from bot.workspace.rates import NO_LIMITS
from bot.workspace.server import Workspace
from tests.bot.workspace.conftest import DIRECTORY

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_auth_test_says_who_and_with_which_scopes(web: AsyncWebClient) -> None:
    answer = await web.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0ROLLBOT", "B0ROLLBOT", "T0LOCAL")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_tokens_are_told_apart(workspace: Workspace) -> None:
    def client(token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=workspace.api_url)

    assert await refused(client(None).auth_test()) == "not_authed"
    assert await refused(client("xoxb-other").auth_test()) == "invalid_auth"
    assert await refused(client(workspace.app_token).auth_test()) == "not_allowed_token_type"
    opening = client(workspace.bot_token).apps_connections_open(app_token=workspace.bot_token)
    assert await refused(opening) == "not_allowed_token_type"
    assert await refused(client(workspace.bot_token).api_call("chat.scheduleMessage")) == "unknown_method"
    assert workspace.bot_token not in repr(workspace.calls)


async def test_a_missing_scope_is_named() -> None:
    workspace = Workspace(replace(DIRECTORY, scopes=("chat:write",)), rates=NO_LIMITS)
    await workspace.start()
    try:
        web = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        with pytest.raises(SlackApiError) as caught:
            await web.usergroups_list()
        assert caught.value.response["error"] == "missing_scope" and caught.value.response["needed"] == "usergroups:read"
        assert await refused(web.chat_postMessage(channel="C0OPEN", text="x")) == "not_in_channel"
    finally:
        await workspace.stop()


async def test_messages_need_a_channel_that_takes_them(web: AsyncWebClient) -> None:
    assert await refused(web.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await refused(web.chat_postMessage(channel="C0OLD", text="x")) == "is_archived"
    assert await refused(web.chat_postMessage(channel="G0SECRET", text="x")) == "not_in_channel"
    assert (await web.chat_postMessage(channel="C0OPEN", text="by chat:write.public"))["ok"]
    assert (await web.chat_postMessage(channel="#deploys", text="by name"))["channel"] == "C0DEPLOY"
    assert (await web.chat_postMessage(channel="U0ANA", text="direct"))["channel"] == "D0ANA"
    assert await refused(web.api_call("chat.postMessage", json={"channel": "C0DEPLOY"})) == "no_text"


async def test_arguments_may_come_as_query_form_or_json(workspace: Workspace) -> None:
    address, headers = f"{workspace.api_url}chat.postMessage", {"Authorization": f"Bearer {workspace.bot_token}"}
    arguments = {"channel": "C0DEPLOY", "text": "x"}
    async with aiohttp.ClientSession() as session:
        for sent in (
            session.get(address, params=arguments, headers=headers),
            session.post(address, params=arguments, headers=headers),
            session.post(address, data=arguments | {"token": workspace.bot_token, "blocks": "[]"}),
            session.post(address, json=arguments, headers=headers),
        ):
            async with sent as response:
                assert (await response.json())["ok"], await response.text()
        async with session.post(address, data=b"{broken", headers=headers | {"Content-Type": "application/json"}) as response:
            assert (await response.json())["error"] == "invalid_json"


async def test_ts_are_unique_and_increase(web: AsyncWebClient) -> None:
    posted = [str((await web.chat_postMessage(channel="C0DEPLOY", text=str(number)))["ts"]) for number in range(20)]
    assert posted == sorted(set(posted)) and all(len(ts.partition(".")[2]) == 6 for ts in posted)


async def test_update_without_blocks_erases_them_and_marks_the_message(web: AsyncWebClient) -> None:
    ts = (await web.chat_postMessage(channel="C0DEPLOY", text="one", blocks=BLOCKS))["ts"]
    kept = await web.chat_update(channel="C0DEPLOY", ts=ts, text="two", blocks=BLOCKS)
    assert kept["message"]["blocks"][0]["block_id"] and "edited" not in kept["message"]
    bare = await web.chat_update(channel="C0DEPLOY", ts=ts, text="three")
    assert "blocks" not in bare["message"] and bare["message"]["edited"]["user"] == "U0ROLLBOT"
    assert await refused(web.chat_update(channel="C0DEPLOY", ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await refused(web.chat_update(channel="C0DEPLOY", ts="1.000001", text="x")) == "message_not_found"
    long = await web.chat_postMessage(channel="C0DEPLOY", text="x" * 40_001)
    assert len(long["message"]["text"]) == 40_000


async def test_only_the_bots_own_messages_change(web: AsyncWebClient, page: PageClient) -> None:
    ts = await page.say("ana", "deploys", "mine")
    assert await refused(web.chat_update(channel="C0DEPLOY", ts=ts, text="x")) == "cant_update_message"
    assert await refused(web.chat_delete(channel="C0DEPLOY", ts=ts)) == "cant_delete_message"
    own = (await web.chat_postMessage(channel="C0DEPLOY", text="own"))["ts"]
    await page.wait_message(lambda message: message["text"] == "own")
    await web.chat_delete(channel="C0DEPLOY", ts=own)
    await page.wait_for(lambda frame: frame.get("event") == "deleted")
    assert own not in page.view.messages["C0DEPLOY"]


async def test_ephemeral_messages_are_for_one_person_and_stay_as_they_are(web: AsyncWebClient, page: PageClient) -> None:
    answer = await web.chat_postEphemeral(channel="C0DEPLOY", user="U0GUS", text="not yours")
    shown = await page.wait_message(lambda message: message["text"] == "not yours")
    assert shown["shown_to"] == "U0GUS" and shown["ts"] == answer["message_ts"]
    assert await refused(web.chat_update(channel="C0DEPLOY", ts=shown["ts"], text="x")) == "message_not_found"
    assert (await web.conversations_history(channel="C0DEPLOY"))["messages"] == []
    assert await refused(web.chat_postEphemeral(channel="C0DEPLOY", user="U0NOBODY", text="x")) == "user_not_in_channel"


async def test_metadata_is_kept_and_shown_only_when_asked(web: AsyncWebClient) -> None:
    metadata = {"event_type": "plan", "event_payload": {"id": "p1"}}
    ts = (await web.chat_postMessage(channel="C0DEPLOY", text="x", metadata=metadata))["ts"]
    await web.chat_update(channel="C0DEPLOY", ts=ts, text="y")
    assert "metadata" not in (await web.conversations_history(channel="C0DEPLOY"))["messages"][0]
    shown = await web.conversations_history(channel="C0DEPLOY", include_all_metadata=True)
    assert shown["messages"][0]["metadata"] == metadata
    await web.chat_update(channel="C0DEPLOY", ts=ts, text="z", metadata={})
    shown = await web.conversations_history(channel="C0DEPLOY", include_all_metadata=True)
    assert "metadata" not in shown["messages"][0]
    bad = web.chat_postMessage(channel="C0DEPLOY", text="x", metadata={"event_type": "plan"})
    assert await refused(bad) == "invalid_metadata_format"


async def test_threads(web: AsyncWebClient) -> None:
    parent = str((await web.chat_postMessage(channel="C0DEPLOY", text="parent"))["ts"])
    quiet = await web.chat_postMessage(channel="C0DEPLOY", text="quiet", thread_ts=parent)
    await web.chat_postMessage(channel="C0DEPLOY", text="loud", thread_ts=quiet["ts"], reply_broadcast=True)
    thread = (await web.conversations_replies(channel="C0DEPLOY", ts=parent))["messages"]
    assert [message["text"] for message in thread] == ["parent", "quiet", "loud"]
    assert thread[0]["reply_count"] == 2 and {message["thread_ts"] for message in thread} == {parent}
    history = (await web.conversations_history(channel="C0DEPLOY"))["messages"]
    assert [message["text"] for message in history] == ["loud", "parent"]
    assert await refused(web.chat_postMessage(channel="C0DEPLOY", text="x", thread_ts="1.000001")) == "thread_not_found"
    assert await refused(web.conversations_replies(channel="C0DEPLOY", ts="1.000001")) == "thread_not_found"


async def test_history_comes_in_pages(web: AsyncWebClient) -> None:
    for number in range(5):
        await web.chat_postMessage(channel="C0DEPLOY", text=str(number))
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await web.conversations_history(channel="C0DEPLOY", limit=2, cursor=cursor)
        seen += [message["text"] for message in answer["messages"]]
        if not answer["has_more"]:
            break
        cursor = answer["response_metadata"]["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]
    assert await refused(web.conversations_history(channel="C0DEPLOY", cursor="%%")) == "invalid_cursor"


async def test_people_groups_and_channels(web: AsyncWebClient) -> None:
    assert (await web.users_info(user="U0GUS"))["user"]["is_restricted"] is True
    assert await refused(web.users_info(user="U0NOBODY")) == "user_not_found"
    assert {user["id"] for user in (await web.users_list())["members"]} >= {"U0ANA", "U0ROLLBOT", "USLACKBOT"}
    assert (await web.usergroups_list(include_users=True))["usergroups"][0]["users"] == ["U0RAJ"]
    assert (await web.usergroups_users_list(usergroup="S0SRE"))["users"] == ["U0RAJ"]
    assert await refused(web.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    names = {channel["name"] for channel in (await web.conversations_list(types="public_channel,private_channel"))["channels"]}
    assert names == {"deploys", "open", "old"}
    assert (await web.conversations_info(channel="C0DEPLOY"))["channel"]["is_member"] is True
    assert await refused(web.conversations_info(channel="G0SECRET")) == "channel_not_found"
    assert "U0RAJ" in (await web.conversations_members(channel="C0DEPLOY"))["members"]
    assert (await web.conversations_open(users="U0ANA"))["channel"]["id"] == "D0ANA"
    assert (await web.bots_info(bot="B0ROLLBOT"))["bot"]["user_id"] == "U0ROLLBOT"


async def test_reactions_and_permalinks(web: AsyncWebClient, page: PageClient) -> None:
    ts = str((await web.chat_postMessage(channel="C0DEPLOY", text="x"))["ts"])
    await web.reactions_add(channel="C0DEPLOY", timestamp=ts, name="eyes")
    await page.wait_message(lambda message: message.get("reactions"))
    assert await refused(web.reactions_add(channel="C0DEPLOY", timestamp=ts, name="eyes")) == "already_reacted"
    link = (await web.chat_getPermalink(channel="C0DEPLOY", message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/C0DEPLOY/p{ts.replace('.', '')}")


async def test_files_are_uploaded_and_shown_in_a_thread(web: AsyncWebClient, page: PageClient) -> None:
    parent = str((await web.chat_postMessage(channel="C0DEPLOY", text="parent"))["ts"])
    await web.files_upload_v2(
        channel="C0DEPLOY", thread_ts=parent, filename="time.svg", content="<svg/>", title="Timeline", initial_comment="look"
    )
    message = await page.wait_message(lambda message: message.get("files"))
    shown = message["files"][0]
    assert message["thread_ts"] == parent and message["text"] == "look" and shown["title"] == "Timeline"
    async with aiohttp.ClientSession() as session, session.get(shown["url_private"]) as response:
        assert await response.read() == b"<svg/>" and response.content_type == "image/svg+xml"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    assert await refused(web.files_completeUploadExternal(files=[{"id": "F0NONE"}])) == "file_not_found"


async def test_the_faults_of_the_api(workspace: Workspace, web: AsyncWebClient) -> None:
    await workspace.fault("rate_limit", method="chat.update", times=1)
    with pytest.raises(SlackApiError) as caught:
        await web.chat_update(channel="C0DEPLOY", ts="1.000001", text="x")
    assert caught.value.response.status_code == 429 and caught.value.response.headers["Retry-After"] == "1"
    await workspace.fault("drop_answer", method="chat.postMessage")
    # The SDK retries once by itself on a lost connection, so the message is there twice.
    await web.chat_postMessage(channel="C0DEPLOY", text="twice")
    messages = (await web.conversations_history(channel="C0DEPLOY"))["messages"]
    assert [message["text"] for message in messages] == ["twice", "twice"]
    assert [call.method for call in workspace.calls].count("chat.postMessage") == 2
