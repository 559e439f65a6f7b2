//! The operations that a platform is asked for, and their documents. A file of JSON, from operation to document, can
//! replace any of them.

use std::collections::BTreeMap;

use ozonetel_sdk::error::Invalid;

/// The setting that names the file.
pub const VARIABLE: &str = "PLATFORM_GRAPHQL_DOCUMENTS";

/// What a platform is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The lead with a number: `number` as it was written, `key` what all its spellings have in common.
    LeadOfNumber,
    /// The leads with any of some numbers: `numbers` as they were written, `keys` what all spellings of each have in common.
    LeadsOfNumbers,
    /// A lead by its id.
    Lead,
    /// Leads by a part of name or number, the newest first.
    Leads,
    /// Departments.
    Departments,
    /// Doctors, perhaps of a department.
    Doctors,
    /// A doctor's times that begin in a range of milliseconds since 1970.
    Slots,
    /// A time with its doctor.
    Slot,
    /// An appointment.
    Appointment,
    /// Appointments of a lead, number, calls, range; what is `null` does not matter.
    Appointments,
    /// Writes an appointment; a new one has the version 0, and the id that the desk made.
    SaveAppointment,
    /// Keeps a finished call: one record per phone call.
    ReportCall,
}

macro_rules! lead {
    () => {
        "{ id number name source email fields assignedTo createdAt lastInteractionAt done }"
    };
}

macro_rules! doctor {
    () => {
        "{ id name department { id name } }"
    };
}

macro_rules! slot {
    () => {
        "id doctorId startsAt endsAt taken"
    };
}

macro_rules! appointment {
    () => {
        concat!(
            "{ id version leadId name number doctor ",
            doctor!(),
            " slotId startsAt endsAt state callId notes bookedBy bookedAt }"
        )
    };
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LeadOfNumber,
        Self::LeadsOfNumbers,
        Self::Lead,
        Self::Leads,
        Self::Departments,
        Self::Doctors,
        Self::Slots,
        Self::Slot,
        Self::Appointment,
        Self::Appointments,
        Self::SaveAppointment,
        Self::ReportCall,
    ];

    /// The name that is sent as `operationName`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeadOfNumber => "LeadOfNumber",
            Self::LeadsOfNumbers => "LeadsOfNumbers",
            Self::Lead => "Lead",
            Self::Leads => "Leads",
            Self::Departments => "Departments",
            Self::Doctors => "Doctors",
            Self::Slots => "Slots",
            Self::Slot => "Slot",
            Self::Appointment => "Appointment",
            Self::Appointments => "Appointments",
            Self::SaveAppointment => "SaveAppointment",
            Self::ReportCall => "ReportCall",
        }
    }

    /// Whether it changes something.
    pub fn changes(self) -> bool {
        matches!(self, Self::SaveAppointment | Self::ReportCall)
    }

    /// Its document, unless a setting has another.
    pub fn document(self) -> &'static str {
        match self {
            Self::LeadOfNumber => concat!(
                "query LeadOfNumber($number: String!, $key: String!) ",
                "{ answer: leadByNumber(number: $number, key: $key) ",
                lead!(),
                " }"
            ),
            Self::LeadsOfNumbers => concat!(
                "query LeadsOfNumbers($numbers: [String!]!, $keys: [String!]!) ",
                "{ answer: leadsByNumbers(numbers: $numbers, keys: $keys) ",
                lead!(),
                " }"
            ),
            Self::Lead => {
                concat!("query Lead($id: ID!) { answer: lead(id: $id) ", lead!(), " }")
            }
            Self::Leads => concat!(
                "query Leads($text: String!, $agents: [String!], $after: LeadCursor, $first: Int!) ",
                "{ answer: leads(text: $text, agents: $agents, after: $after, first: $first) ",
                lead!(),
                " }"
            ),
            Self::Departments => "query Departments { answer: departments { id name } }",
            Self::Doctors => concat!(
                "query Doctors($department: ID) { answer: doctors(department: $department) ",
                doctor!(),
                " }"
            ),
            Self::Slots => concat!(
                "query Slots($doctor: ID!, $from: Float!, $to: Float!) ",
                "{ answer: slots(doctor: $doctor, from: $from, to: $to) { ",
                slot!(),
                " } }"
            ),
            Self::Slot => concat!(
                "query Slot($id: ID!) { answer: slot(id: $id) { ",
                slot!(),
                " doctor ",
                doctor!(),
                " } }"
            ),
            Self::Appointment => concat!(
                "query Appointment($id: ID!) { answer: appointment(id: $id) ",
                appointment!(),
                " }"
            ),
            Self::Appointments => concat!(
                "query Appointments($leadId: ID, $number: String, $key: String, $callIds: [ID!], ",
                "$from: Float, $to: Float, $first: Int!) { answer: appointments(leadId: $leadId, ",
                "number: $number, key: $key, callIds: $callIds, from: $from, to: $to, first: $first) ",
                appointment!(),
                " }"
            ),
            Self::SaveAppointment => {
                "mutation SaveAppointment($appointment: AppointmentInput!) \
                 { answer: saveAppointment(appointment: $appointment) { id version } }"
            }
            Self::ReportCall => {
                "mutation ReportCall($report: CallReportInput!, $revision: Float!) \
                 { answer: reportCall(report: $report, revision: $revision) { callId } }"
            }
        }
    }
}

/// The documents of a platform.
#[derive(Debug, Clone, Default)]
pub struct Documents(BTreeMap<Operation, String>);

impl Documents {
    /// From a file's text: a JSON object from operation to document.
    ///
    /// # Errors
    /// It is not that, or names an operation that there is not.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let named: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
            Invalid::new(VARIABLE, "expected a file with a JSON object from operation to document")
        })?;
        let mut documents = BTreeMap::new();
        for (name, document) in named {
            let known = Operation::ALL.into_iter().find(|operation| operation.name() == name);
            let Some(operation) = known else {
                let expected = Operation::ALL.map(Operation::name).join(", ");
                return Err(Invalid::new(
                    VARIABLE,
                    format!("expected operations out of {expected}"),
                ));
            };
            if !document.contains("answer") {
                let reason = "expected documents whose field is called answer, as in { answer: lead(id: $id) { id } }";
                return Err(Invalid::new(VARIABLE, reason));
            }
            documents.insert(operation, document);
        }
        Ok(Self(documents))
    }

    /// The document of an operation.
    pub fn of(&self, operation: Operation) -> &str {
        self.0.get(&operation).map_or(operation.document(), String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_is_balanced_named_and_has_an_answer() {
        for operation in Operation::ALL {
            let text = operation.document();
            let count = |c| text.chars().filter(|found| *found == c).count();
            assert_eq!((count('{'), count('(')), (count('}'), count(')')), "{text}");
            let kind = if operation.changes() { "mutation" } else { "query" };
            assert!(text.starts_with(&format!("{kind} {}", operation.name())), "{text}");
            assert!(text.contains("{ answer: "), "{text}");
            for variable in text.split('$').skip(1) {
                let name: String =
                    variable.chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(text.matches(&format!("${name}")).count() >= 2, "{name} in {text}");
            }
        }
    }

    #[test]
    fn a_file_replaces_what_it_names() {
        let documents =
            Documents::parse(r#"{"Lead": "query L { answer: contact { id } }"}"#).unwrap();
        assert_eq!(documents.of(Operation::Lead), "query L { answer: contact { id } }");
        assert_eq!(documents.of(Operation::Slot), Operation::Slot.document());
        for text in
            ["", "[]", r#"{"Leed": "x answer"}"#, r#"{"Lead": "query { lead }"}"#, r#"{"Lead": 1}"#]
        {
            assert_eq!(Documents::parse(text).unwrap_err().field(), VARIABLE, "{text}");
        }
    }
}
