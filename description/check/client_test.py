"""A client that was generated from the OpenAPI document dials, reads the CDR and lists agents."""

import unittest
from http import HTTPStatus

from cloudagent_client import AuthenticatedClient, Client
from cloudagent_client.api.auth import auth_generate_token
from cloudagent_client.api.cdr import cdr_fetch_day
from cloudagent_client.api.dial import dial_agent_manual_dial_post
from cloudagent_client.api.legacy import legacy_logged_in
from cloudagent_client.models import (
    AuthGenerateTokenRequest,
    CdrFetchDayAnswer,
    CdrFetchDayRequest,
    DialAgentAnswer,
    DialAgentRefusal,
    DialAgentRequest,
    LegacyLoggedInAnswer,
)
from simulator import Simulator

ACCOUNT, KEY, NUMBER = "acme_support", "test-key", "9000000001"
DAY = {"from_date": "2026-11-20 00:00:00", "to_date": "2026-11-20 23:59:59"}


class GeneratedClient(unittest.TestCase):
    def dial(self, client, agent):
        request = DialAgentRequest(
            user_name=ACCOUNT, agent_id=agent, campaign_name="support_out", customer_number=NUMBER, ucid="true", uui="order-7"
        )
        return dial_agent_manual_dial_post.sync(client=client, body=request)

    def whole_story(self, simulator, client):
        dialled = self.dial(client, "agent01")
        self.assertIsInstance(dialled, DialAgentAnswer)
        self.assertEqual(dialled.status, "queued successfully")
        self.assertRegex(dialled.ucid, "^[0-9]{17}$")
        self.assertEqual(simulator.effects().count("dial"), 1)

        refused = self.dial(client, "agent03")
        self.assertIsInstance(refused, DialAgentRefusal)
        self.assertEqual((refused.status, refused.message), ("Fail", "Agent is not available"))
        self.assertEqual(simulator.effects().count("dial"), 1)

        logged_in = legacy_logged_in.sync(client=client, username=ACCOUNT, api_key=KEY)
        self.assertIsInstance(logged_in, LegacyLoggedInAnswer)
        self.assertEqual({row.agent_id for row in logged_in.message}, {"agent01", "agent02"})

        simulator.advance(600)
        request = CdrFetchDayRequest(user_name=ACCOUNT, **DAY)
        report = cdr_fetch_day.sync_detailed(client=client, body=request)
        self.assertEqual(report.status_code, HTTPStatus.OK)
        self.assertIsInstance(report.parsed, CdrFetchDayAnswer)
        rows = [row for row in report.parsed.details if str(row.ucid) == dialled.ucid]
        self.assertEqual([(row.uui, row.agent_id, row.status) for row in rows], [("order-7", "agent01", "Answered")])

    def test_with_the_key(self):
        with Simulator("key") as simulator, Client(base_url=simulator.url, headers={"apiKey": KEY}) as client:
            self.whole_story(simulator, client)

    def test_with_a_token(self):
        with Simulator("token") as simulator:
            with Client(base_url=simulator.url, headers={"apiKey": KEY}) as client:
                made = auth_generate_token.sync(client=client, body=AuthGenerateTokenRequest(user_name=ACCOUNT))
            with AuthenticatedClient(base_url=simulator.url, token=made.token) as client:
                self.whole_story(simulator, client)


if __name__ == "__main__":
    unittest.main()
