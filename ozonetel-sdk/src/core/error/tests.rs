use super::*;

fn refused(text: &str) -> Error {
    let refusal = Refusal::new(crate::core::reason::reason(text), text, StatusCode::OK);
    Error::refused(refusal).named("dial.agent", 1, Duration::from_secs(1))
}

/// Everything that may end up in a log.
fn printed(error: &Error) -> String {
    format!("{error} {error:?} {} {}", error.summary(), serde_json::to_string(error).unwrap())
}

#[test]
fn a_documented_text_is_said_and_its_variable_parts_are_not() {
    let error = refused("Agent agent07 is in BUSY state. You cant change to Pause state");
    let said = "the service refused: Agent … is in BUSY state. You cant change to Pause state";
    assert_eq!(error.summary(), said);
    assert_eq!(error.to_string(), format!("dial.agent: {said}"));
    assert!(!printed(&error).contains("agent07"));
    let text = error.service_text().unwrap();
    assert!(text.contains("agent07"));
    for known in documented_texts() {
        let error = refused(&known.pattern().replace("{}", "Q7XZ"));
        assert!(!printed(&error).contains("Q7XZ"), "{}", known.pattern());
        assert!(error.summary().contains(&known.to_string()), "{}", known.pattern());
        assert!(error.advice().is_some_and(|advice| !advice.contains("text")));
    }
}

#[test]
fn an_undocumented_text_is_counted_and_handed_out_on_demand() {
    let text = "Frau Müller (9000000001) is already queued for this campaign";
    let error = refused(text);
    assert_eq!(
        error.to_string(),
        "dial.agent: the service refused with an undocumented text (60 characters)"
    );
    assert_eq!((error.service_text(), error.advice()), (Some(text), None));
    assert!(!printed(&error).contains("Müller") && !printed(&error).contains("9000000001"));
    let limit = refused("daily limit of agent07 exceeded");
    assert_eq!(
        limit.summary(),
        "the service refused: too many requests, with an undocumented text (31 characters)"
    );
    let bare = Error::refused(Refusal::new(Reason::TooManyRequests, "", StatusCode::OK));
    assert_eq!(
        (bare.to_string().as_str(), bare.service_text()),
        ("the service refused: too many requests", None)
    );
}

#[test]
fn data_is_no_text() {
    let rows = "[{\"CallerID\":\"9000000001\"}]".to_owned();
    let csv = "a,b\n1,2\n3,4\n5,6".to_owned();
    let quoted = "\"9000000001\",\"x\"".to_owned();
    for text in [rows, "<html>secret</html>".to_owned(), "word ".repeat(150), csv, quoted] {
        let error = refused(&text);
        assert_eq!(error.service_text(), None, "{text}");
        assert!(
            error.summary().starts_with("the service refused with data where a text belongs (")
        );
        assert!(!printed(&error).contains("9000000001") && !printed(&error).contains("secret"));
    }
    assert!(refused(&"x".repeat(5000)).summary().contains("at least 1000 characters"));
    assert_eq!(refused("").summary(), "the service refused with no text");
}

#[test]
fn a_wrong_mode_is_named_in_both_directions() {
    let signed = |text: &str, mode| refused(text).signed_as(Some(mode));
    for text in
        ["Token Expired", "Api Key Should Not be Null or Empty.", "Missing userName or apiKey"]
    {
        let error = signed(text, AuthMode::Key);
        assert_eq!(error.other_mode(), Some(AuthMode::Token), "{text}");
        assert!(error.to_string().ends_with(
            "; the account may be in token mode: set the mode to token (OZONETEL_AUTH=token)"
        ));
    }
    for text in ["Api Key Should Not be Null or Empty.", "Missing userName or apiKey"] {
        let error = signed(text, AuthMode::Token);
        assert_eq!(error.other_mode(), Some(AuthMode::Key), "{text}");
        assert!(error.advice().unwrap().contains("OZONETEL_AUTH=key"));
    }
    // A token that has run out is presented in token mode only; wrong keys are wrong in both.
    assert_eq!(signed("Token Expired", AuthMode::Token).other_mode(), None);
    for mode in [AuthMode::Key, AuthMode::Token] {
        assert_eq!(signed("Invalid User Details", mode).other_mode(), None);
        assert_eq!(signed("Agent is not available", mode).other_mode(), None);
    }
    assert_eq!(refused("Token Expired").other_mode(), None);
}

#[test]
fn an_agent_who_is_logged_in_needs_no_other_state() {
    for text in ["Agent has already logged in", "agent has already logged in "] {
        let advice = refused(text).advice().unwrap();
        assert!(advice.contains("nothing to do") && advice.contains("force-ready"), "{advice}");
    }
    let advice = refused("Agent is not available").advice().unwrap();
    assert!(advice.contains("another state"), "{advice}");
}

#[test]
fn a_program_reads_facts_and_no_text() {
    let error = refused("Agent is not available");
    let value = serde_json::to_value(&error).unwrap();
    assert_eq!(value["kind"], "refused");
    assert_eq!(value["call"], "dial.agent");
    assert_eq!(value["reason"], "not_allowed");
    assert_eq!(value["status"], 200);
    assert_eq!(value["may_have_happened"], false);
    assert_eq!(value["summary"], error.summary());
    assert_eq!(value["advice"], error.advice().unwrap());
    let row = InvalidRow { row: 5, invalid: Invalid::new("PhoneNumber", "is empty") };
    let error = (|| -> Result<(), Error> { Err(row)? })().unwrap_err();
    assert_eq!(error.to_string(), "row 5: PhoneNumber is empty");
    assert_eq!((error.kind(), error.row()), (ErrorKind::Input, Some(5)));
}
