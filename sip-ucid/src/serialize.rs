//! `Serialize` for parsed values, with the feature `serde`.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::identity::{Identity, IdentityHeader};
use crate::name::Name;
use crate::text::Text;
use crate::ucid::AvayaUcid;
use crate::validate::{Note, Problem};

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for AvayaUcid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 3)?;
        fields.serialize_field("kind", self.kind().as_str())?;
        fields.serialize_field("header", &self.header())?;
        fields.serialize_field("at", &self.at())?;
        fields.end()
    }
}

/// Writes the fields of an identity, borrowed or owned.
impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Note", 4)?;
        fields.serialize_field("kind", self.kind().as_str())?;
        fields.serialize_field("header", &self.header())?;
        fields.serialize_field("at", &self.at())?;
        fields.serialize_field("code", &self.code())?;
        fields.end()
    }
}

macro_rules! identity_fields {
    ($serializer:ident, $avaya:expr, $($field:ident = $value:expr,)*) => {{
        let mut fields = $serializer.serialize_struct("Identity", 11)?;
        $(fields.serialize_field(stringify!($field), &$value)?;)*
        fields.serialize_field("avaya_ucid", &$avaya)?;
        fields.end()
    }};
}

impl Serialize for Identity<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        identity_fields!(
            serializer,
            self.avaya_ucid(),
            ucid = self.ucid().map(IdentityHeader::value),
            callerno = self.callerno().map(IdentityHeader::value),
            did = self.did().map(IdentityHeader::value),
            account = self.account().map(IdentityHeader::value),
            uui = self.uui().map(IdentityHeader::value),
            from = self.from().map(IdentityHeader::value),
            p_asserted_identity = self.p_asserted_identity().map(IdentityHeader::value),
            remote_party_id = self.remote_party_id().map(IdentityHeader::value),
            diversion = self.diversion().map(IdentityHeader::value),
            user_to_user = self.user_to_user().map(IdentityHeader::value),
        )
    }
}

#[cfg(feature = "alloc")]
impl Serialize for crate::owned::OwnedIdentity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        identity_fields!(
            serializer,
            self.avaya_ucid,
            ucid = self.ucid,
            callerno = self.callerno,
            did = self.did,
            account = self.account,
            uui = self.uui,
            from = self.from,
            p_asserted_identity = self.p_asserted_identity,
            remote_party_id = self.remote_party_id,
            diversion = self.diversion,
            user_to_user = self.user_to_user,
        )
    }
}
