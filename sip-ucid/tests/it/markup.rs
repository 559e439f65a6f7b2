//! The lines that RFC 4475 and RFC 5118 print with marks, and what is stored of them.

use crate::corpus::message;

/// The octets that a marked-up line stands for.
fn expanded(line: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = line;
    while let Some((plain, mark)) = rest.split_once('<') {
        octets.extend_from_slice(plain.as_bytes());
        rest = if let Some(after) = mark.strip_prefix("allOneLine>") {
            after.strip_prefix('\n').unwrap()
        } else if let Some(after) = mark.strip_prefix("/allOneLine>") {
            after
        } else if let Some(after) = mark.strip_prefix("hex>") {
            let (digits, after) = after.split_once("</hex>").unwrap();
            let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            octets.extend((0..digits.len()).step_by(2).map(pair));
            after
        } else if let Some(after) = mark.strip_prefix("repeat count=") {
            let (count, after) = after.split_once('>').unwrap();
            let (text, after) = after.split_once("</repeat>").unwrap();
            octets.extend_from_slice(text.repeat(count.parse().unwrap()).as_bytes());
            after
        } else {
            octets.push(b'<');
            mark
        };
    }
    octets.extend_from_slice(rest.as_bytes());
    if line.starts_with("<allOneLine>") {
        octets.retain(|octet| *octet != b'\n');
    }
    octets
}

#[track_caller]
fn has_lines(name: &str, marked: &[&str]) {
    let stored = message(name);
    for line in marked {
        let wanted = expanded(line);
        let mut lines = stored.split(|octet| *octet == b'\n');
        let found = lines.any(|line| line.strip_suffix(b"\r") == Some(&wanted));
        assert!(found, "{name}: {}", String::from_utf8_lossy(&wanted));
    }
}

#[test]
fn repeated_text_is_written_out() {
    has_lines(
        "rfc4475/longreq",
        &[
            "<allOneLine>\nTo: \"I have a user name of \
             <repeat count=10>extreme</repeat> proportion\"\n\
             <sip:user@example.com:6000;\n\
             unknownparam1=very<repeat count=20>long</repeat>value;\n\
             longparam<repeat count=25>name</repeat>=shortvalue;\n\
             very<repeat count=25>long</repeat>ParameterNameWithNoValue>\n</allOneLine>",
            "<allOneLine>\nF: sip:\n\
             <repeat count=5>amazinglylongcallername</repeat>@example.net\n\
             ;tag=12<repeat count=50>982</repeat>424\n\
             ;unknownheaderparam<repeat count=20>name</repeat>=\n\
             unknowheaderparam<repeat count=15>value</repeat>\n\
             ;unknownValueless<repeat count=10>paramname</repeat>\n</allOneLine>",
            "Call-ID: longreq.one<repeat count=20>really</repeat>longcallid",
            "<allOneLine>\nUnknown-<repeat count=20>Long</repeat>-Name:\n\
             \x20unknown-<repeat count=20>long</repeat>-value;\n\
             \x20unknown-<repeat count=20>long</repeat>-parameter-name =\n\
             \x20unknown-<repeat count=20>long</repeat>-parameter-value\n</allOneLine>",
            "<allOneLine>\nVia: SIP/2.0/TCP host.example.com;\n\
             received=192.0.2.5;\nbranch=very<repeat count=50>long</repeat>branchvalue\n\
             </allOneLine>",
            "<allOneLine>\nContact: <sip:\n\
             <repeat count=5>amazinglylongcallername</repeat>\n@host5.example.net>\n</allOneLine>",
        ],
    );
    has_lines("rfc4475/scalar02", &["Expires: 1<repeat count=100>0</repeat>"]);
}

#[test]
fn octets_that_cannot_be_printed_are_those_of_the_digits() {
    has_lines(
        "rfc4475/intmeth",
        &[
            "To: \"BEL:\\<hex>07</hex> NUL:\\<hex>00</hex> DEL:\\<hex>7F</hex>\" \
             <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
            "<allOneLine>\nFrom: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>\n\
             ;fromParam''~+*_!.-%=\"<hex>D180D0B0D0B1D0BED182D0B0D18ED189D0B8D0B9</hex>\"\n\
             ;tag=_token~1'+`*%!-.\n</allOneLine>",
            "extensionHeader-!.%*+_`'~:<hex>EFBBBFE5A4A7E5819CE99BBB</hex>",
        ],
    );
    has_lines(
        "rfc4475/unreason",
        &["<allOneLine>\nSIP/2.0 200 = 2**3 * 5**2 <hex>D0BDD0BE20D181D182D0BE20D0B4D0B5D0B2D18F\
           D0BDD0BED181D182D0BE20D0B4D0B5D0B2D18FD182D18C202D20D0BFD180D0BED181D182D0BED0B5</hex>\n\
           </allOneLine>"],
    );
    has_lines("rfc4475/trws", &["OPTIONS sip:remote-target@example.com SIP/2.0<hex>2020</hex>"]);
    has_lines("rfc4475/noreason", &["SIP/2.0 100<hex>20</hex>"]);
}

#[test]
fn lines_that_are_one_are_joined() {
    has_lines(
        "rfc4475/intmeth",
        &["<allOneLine>\n!interesting-Method0123456789_*+`.%indeed'~\n\
           \x20sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*\n\
           :&it+has=1,weird!*pas$wo~d_too.(doesn't-it)\n@example.com SIP/2.0\n</allOneLine>"],
    );
    has_lines(
        "rfc5118/via-received-param-no-delim",
        &["<allOneLine>\nVia: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;\n\
           branch=z9hG4bKas3\n</allOneLine>"],
    );
    has_lines(
        "rfc5118/mult-ip-in-header",
        &["<allOneLine>\nVia: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;\n\
           received=192.0.2.200\n</allOneLine>"],
    );
}

#[test]
fn the_binary_part_is_the_one_that_is_printed_in_digits() {
    let stored = message("rfc4475/mpart01");
    let part = expanded(
        "<hex>3082015206092A864886F70D010702A08201433082013F0201013109300706052B0E03021A\
         300B06092A864886F70D010701318201203082011C020101307C3070310B300906035504\
         0613025553311330110603550408130A43616C69666F726E69613111300F060355040713\
         0853616E204A6F7365310E300C060355040A1305736970697431293027060355040B1320\
         5369706974205465737420436572746966696361746520417574686F7269747902080195\
         007102330113300706052B0E03021A300D06092A864886F70D01010105000481</hex>",
    );
    assert!(stored.windows(part.len()).any(|window| window == part));
    assert!(stored.ends_with(b"\r\n--7a9cbec02ceef655--\r\n"));
}
