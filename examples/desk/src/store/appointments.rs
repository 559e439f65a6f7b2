//! Appointments, and the times that doctors have.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::json::{from_json, to_json};
use super::tx::Tx;
use crate::core::appointment::{Appointment, Department, Doctor, LONGEST_SLOT_MS, Slot};
use crate::core::dial::number_key;
use ozonetel_sdk::types::PhoneNumber;

/// Which appointments; what is not said does not matter.
#[derive(Debug, Clone, Default)]
pub struct AppointmentQuery {
    /// Of this lead.
    pub lead: Option<String>,
    /// Of this number.
    pub number: Option<PhoneNumber>,
    /// That name one of these calls.
    pub calls: Option<Vec<String>>,
    /// That begin at this time or later.
    pub from_ms: Option<i64>,
    /// That begin before this time.
    pub to_ms: Option<i64>,
    /// At most so many.
    pub most: u32,
    /// The last of them where there are more, and not the first.
    pub latest: bool,
}

/// Appointments and the times for them.
#[async_trait]
pub trait Appointments: Send + Sync {
    /// Adds doctors with their departments, and times. What is known takes the new names; a time that begins when one
    /// of the doctor's does already stays as it is. How many times were new.
    ///
    /// # Errors
    /// [`StoreError::Overlaps`] if a new time overlaps another one of its doctor, and then nothing is added; the store is
    /// not available.
    async fn add_schedule(&self, doctors: Vec<Doctor>, slots: Vec<Slot>)
    -> Result<u64, StoreError>;

    /// Departments, by name.
    ///
    /// # Errors
    /// The store is not available.
    async fn departments(&self) -> Result<Vec<Department>, StoreError>;

    /// Doctors, by name: of a department, or all.
    ///
    /// # Errors
    /// The store is not available.
    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, StoreError>;

    /// A doctor's times that begin in a range, the first first, at most so many.
    ///
    /// # Errors
    /// The store is not available.
    async fn slots(
        &self,
        doctor: &str,
        range: (i64, i64),
        most: u32,
    ) -> Result<Vec<Slot>, StoreError>;

    /// A time, with its doctor.
    ///
    /// # Errors
    /// The store is not available.
    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, StoreError>;

    /// Writes an appointment; the new version. That its doctor is free is looked at in the same transaction, unless it
    /// stays at its time.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if another one has the time, or one of the same doctor that overlaps it; [`StoreError::Conflict`] if it is no longer the version that
    /// was loaded, or one that is new exists already; [`StoreError::Missing`] for a time that there is not; the store
    /// is not available.
    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError>;

    /// An appointment.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, StoreError>;

    /// Appointments of a query, the first first.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, StoreError>;
}

/// Appointments `a` that have the time `s`, or a time `o` of the same doctor that overlaps it. No time lasts longer than
/// a day: see [`LONGEST_SLOT_MS`](crate::core::appointment::LONGEST_SLOT_MS).
macro_rules! having {
    () => {
        "desk_slot AS o JOIN desk_appointment AS a ON a.slot = o.id AND a.state <> 'cancelled' \
         WHERE o.doctor = s.doctor AND o.starts < s.ends AND o.ends > s.starts \
         AND o.starts > s.starts - 86400000"
    };
}

const SLOT: &str = concat!(
    "SELECT s.id, s.doctor, s.starts, s.ends, d.name, d.department, p.name AS department_name, ",
    "(SELECT COUNT(*) FROM ",
    having!(),
    ") AS taken FROM desk_slot AS s JOIN desk_doctor AS d ON d.id = s.doctor ",
    "JOIN desk_department AS p ON p.id = d.department"
);

/// Who else has a time, or one that overlaps it, unless `$2` is an appointment that stands at this very time.
const TAKEN: &str = concat!(
    "SELECT s.id FROM desk_slot AS s WHERE s.id = $1 AND EXISTS (SELECT 1 FROM ",
    having!(),
    " AND a.id <> $2) AND NOT EXISTS (SELECT 1 FROM desk_appointment AS m \
     WHERE m.id = $2 AND m.slot = $1 AND m.state <> 'cancelled')"
);

fn doctor_of(row: &Row, id: &str) -> Result<Doctor, StoreError> {
    let department = Department { id: row.get("department")?, name: row.get("department_name")? };
    Ok(Doctor { id: row.get(id)?, name: row.get("name")?, department })
}

fn slot_of(row: &Row) -> Result<Slot, StoreError> {
    Ok(Slot {
        id: row.get("id")?,
        doctor: row.get("doctor")?,
        starts_ms: row.get("starts")?,
        ends_ms: row.get("ends")?,
        taken: row.get::<i64>("taken")? > 0,
    })
}

fn appointment_of(row: &Row) -> Result<Appointment, StoreError> {
    let stored: Appointment = from_json(&row.get::<String>("body")?, "appointment")?;
    Ok(Appointment { version: row.get("version")?, ..stored })
}

/// Whether another appointment has the time, or one that overlaps it.
async fn is_taken(tx: &mut Tx, slot: &str, own: &str) -> Result<bool, StoreError> {
    Ok(tx.row(TAKEN, args![slot, own]).await?.is_some())
}

/// Waits until no other transaction books one of the doctor's times: no index sees that two of them overlap.
async fn lock_doctor(tx: &mut Tx, slot: &str) -> Result<(), StoreError> {
    if tx.is_postgres() {
        let select = "SELECT d.id FROM desk_doctor AS d JOIN desk_slot AS s ON s.doctor = d.id \
                      WHERE s.id = $1 FOR UPDATE OF d";
        tx.row(select, args![slot]).await?;
    }
    Ok(())
}

async fn save(
    tx: &mut Tx,
    appointment: Appointment,
    at: i64,
    events: Vec<NewEvent>,
) -> Result<i64, StoreError> {
    let Appointment { id, version, slot, .. } = &appointment;
    let found = tx.row("SELECT id FROM desk_slot WHERE id = $1", args![slot]).await?;
    if found.is_none() {
        return Err(StoreError::Missing("slot"));
    }
    if appointment.stands() {
        lock_doctor(tx, slot).await?;
        if is_taken(tx, slot, id).await? {
            return Err(StoreError::Taken("the slot"));
        }
    }
    let next = version + 1;
    let mut columns = args![
        next,
        slot,
        appointment.state.as_str(),
        appointment.lead.clone(),
        number_key(&appointment.number),
        appointment.call.clone(),
        appointment.starts_ms,
        to_json(&appointment)?,
        id,
    ];
    let done = if *version == 0 {
        let insert = "INSERT INTO desk_appointment (version, slot, state, lead, number_key, call, starts, body, id) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
        tx.execute(insert, columns).await?
    } else {
        columns.push(Arg::from(*version));
        let update = "UPDATE desk_appointment SET version = $1, slot = $2, state = $3, lead = $4, number_key = $5, \
                      call = $6, starts = $7, body = $8 WHERE id = $9 AND version = $10";
        // Between the look and this, another transaction may have taken the time: the index says so.
        tx.execute(update, columns).await.map_err(|error| match error {
            StoreError::Taken(_) => StoreError::Taken("the slot"),
            other => other,
        })?
    };
    if done != 1 {
        let taken = appointment.stands() && is_taken(tx, slot, id).await?;
        return Err(if taken {
            StoreError::Taken("the slot")
        } else {
            StoreError::Conflict("the appointment")
        });
    }
    append(tx, at, events);
    Ok(next)
}

async fn add(tx: &mut Tx, doctors: Vec<Doctor>, slots: Vec<Slot>) -> Result<u64, StoreError> {
    // Whoever adds times sees those that were added before.
    tx.lock("desk_slot").await?;
    for Doctor { id, name, department } in doctors {
        let insert = "INSERT INTO desk_department (id, name) VALUES ($1, $2) \
                      ON CONFLICT (id) DO UPDATE SET name = excluded.name";
        tx.execute(insert, args![&department.id, department.name]).await?;
        let insert = "INSERT INTO desk_doctor (id, name, department) VALUES ($1, $2, $3) \
                      ON CONFLICT (id) DO UPDATE SET name = excluded.name, department = excluded.department";
        tx.execute(insert, args![id, name, department.id]).await?;
    }
    let mut new = 0;
    for (place, Slot { id, doctor, starts_ms, ends_ms, .. }) in slots.into_iter().enumerate() {
        let overlapping = "SELECT starts FROM desk_slot WHERE doctor = $1 AND starts < $2 AND ends > $3 \
                           AND starts > $4";
        let longest = starts_ms.saturating_sub(LONGEST_SLOT_MS);
        let rows = tx.rows(overlapping, args![&doctor, ends_ms, starts_ms, longest]).await?;
        let starts: Vec<i64> =
            rows.iter().map(|row| row.get("starts")).collect::<Result<_, _>>()?;
        if starts.contains(&starts_ms) {
            continue;
        }
        if !starts.is_empty() {
            return Err(StoreError::Overlaps(place));
        }
        let insert = "INSERT INTO desk_slot (id, doctor, starts, ends) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT DO NOTHING";
        new += tx.execute(insert, args![id, doctor, starts_ms, ends_ms]).await?;
    }
    Ok(new)
}

/// A condition for each thing that is said, and its parameters.
fn condition(query: &AppointmentQuery) -> (String, Vec<Arg>) {
    let (mut parts, mut values) = (vec!["1 = 1".to_owned()], Vec::new());
    let mut with = |column: &str, is: &str, value: Option<Arg>| {
        if let Some(value) = value {
            values.push(value);
            parts.push(format!("{column} {is} ${}", values.len()));
        }
    };
    with("lead", "=", query.lead.as_ref().map(Arg::from));
    with("number_key", "=", query.number.as_ref().map(number_key).map(Arg::from));
    with("starts", ">=", query.from_ms.map(Arg::from));
    with("starts", "<", query.to_ms.map(Arg::from));
    if let Some(calls) = &query.calls {
        let first = values.len() + 1;
        let places: Vec<_> = (first..).take(calls.len()).map(|n| format!("${n}")).collect();
        values.extend(calls.iter().map(Arg::from));
        parts.push(if places.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("call IN ({})", places.join(", "))
        });
    }
    (parts.join(" AND "), values)
}

#[async_trait]
impl Appointments for Db {
    async fn add_schedule(
        &self,
        doctors: Vec<Doctor>,
        slots: Vec<Slot>,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| Box::pin(add(tx, doctors, slots))).await
    }

    async fn departments(&self) -> Result<Vec<Department>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT id, name FROM desk_department ORDER BY name, id";
                let rows = tx.rows(select, args![]).await?;
                let department =
                    |row: &Row| Ok(Department { id: row.get("id")?, name: row.get("name")? });
                rows.iter().map(department).collect()
            })
        })
        .await
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, StoreError> {
        let (only, args) = match department {
            Some(id) => ("WHERE d.department = $1", args![id]),
            None => ("", args![]),
        };
        let select = format!(
            "SELECT d.id, d.name, d.department, p.name AS department_name FROM desk_doctor AS d \
             JOIN desk_department AS p ON p.id = d.department {only} ORDER BY d.name, d.id"
        );
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args).await?;
                rows.iter().map(|row| doctor_of(row, "id")).collect()
            })
        })
        .await
    }

    async fn slots(
        &self,
        doctor: &str,
        (from, to): (i64, i64),
        most: u32,
    ) -> Result<Vec<Slot>, StoreError> {
        let select = format!(
            "{SLOT} WHERE s.doctor = $1 AND s.starts >= $2 AND s.starts < $3 ORDER BY s.starts LIMIT {most}"
        );
        let args = args![doctor, from, to];
        self.read(move |tx| {
            Box::pin(async move {
                tx.rows(AssertSqlSafe(select), args).await?.iter().map(slot_of).collect()
            })
        })
        .await
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, StoreError> {
        let (select, args) = (format!("{SLOT} WHERE s.id = $1"), args![id]);
        self.read(move |tx| {
            Box::pin(async move {
                let row = tx.row(AssertSqlSafe(select), args).await?;
                let found = |row: &Row| Ok((slot_of(row)?, doctor_of(row, "doctor")?));
                row.as_ref().map(found).transpose()
            })
        })
        .await
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(move |tx| Box::pin(save(tx, appointment, at, events))).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT version, body FROM desk_appointment WHERE id = $1";
                tx.row(select, args![id]).await?.as_ref().map(appointment_of).transpose()
            })
        })
        .await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, StoreError> {
        let (only, args) = condition(query);
        let order = if query.latest { "starts DESC, id DESC" } else { "starts, id" };
        let select = format!(
            "SELECT version, body FROM desk_appointment WHERE {only} ORDER BY {order} LIMIT {}",
            query.most
        );
        let rows = self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args).await?;
                rows.iter().map(appointment_of).collect::<Result<Vec<_>, _>>()
            })
        });
        let mut found = rows.await?;
        if query.latest {
            found.reverse();
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::appointment::AppointmentState;
    use crate::store::suite::postgres;

    fn doctor() -> Doctor {
        let department = Department { id: "d1".into(), name: "General".into() };
        Doctor { id: "m1".into(), name: "Dr A".into(), department }
    }

    fn appointment(id: &str, slot: &Slot) -> Appointment {
        Appointment {
            id: id.into(),
            version: 0,
            lead: None,
            name: "Customer A".into(),
            number: "9000000001".into(),
            doctor: doctor(),
            slot: slot.id.clone(),
            starts_ms: slot.starts_ms,
            ends_ms: slot.ends_ms,
            state: AppointmentState::Booked,
            call: None,
            notes: None,
            booked_by: "u1".into(),
            booked_ms: 1,
        }
    }

    /// Times that overlap, as they could be added once.
    async fn overlapping(db: &Db, slots: Vec<Slot>) {
        db.add_schedule(vec![doctor()], Vec::new()).await.unwrap();
        let work = db.write(move |tx| {
            Box::pin(async move {
                for slot in slots {
                    let insert =
                        "INSERT INTO desk_slot (id, doctor, starts, ends) VALUES ($1, $2, $3, $4)";
                    let args = args![slot.id, slot.doctor, slot.starts_ms, slot.ends_ms];
                    tx.execute(insert, args).await?;
                }
                Ok(())
            })
        });
        work.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_two_who_want_times_that_overlap_at_once_one_gets_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
            let pair =
                |n: i64| [0, 20].map(|at| Slot::of_doctor("m1", n * 100 + at, n * 100 + at + 30));
            let pairs: Vec<_> = (0..20).map(pair).collect();
            overlapping(&db, pairs.iter().flatten().cloned().collect()).await;
            for slots in &pairs {
                let [one, other] = slots.each_ref().map(|slot| {
                    let (db, new) = (db.clone(), appointment(&slot.id, slot));
                    tokio::spawn(async move { db.save_appointment(new, 10, Vec::new()).await })
                });
                let both = [one.await.unwrap(), other.await.unwrap()];
                let taken = Err(StoreError::Taken("the slot"));
                let expected = [[Ok(1), taken.clone()], [taken, Ok(1)]];
                assert!(expected.contains(&both), "{both:?}");
                for slot in slots {
                    assert!(db.slot(&slot.id).await.unwrap().unwrap().0.taken);
                }
            }
            db.close().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_appointment_that_overlaps_another_can_still_be_changed_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
            let slots = [0, 20, 100].map(|at| Slot::of_doctor("m1", at, at + 30));
            overlapping(&db, vec![slots[0].clone(), slots[2].clone()]).await;
            for (id, slot) in [("a1", &slots[0]), ("a2", &slots[2])] {
                db.save_appointment(appointment(id, slot), 1, Vec::new()).await.unwrap();
            }
            overlapping(&db, vec![slots[1].clone()]).await;
            // Both were booked when nobody looked for this.
            let move_there = "UPDATE desk_appointment SET slot = $1 WHERE id = 'a2'";
            let there = slots[1].id.clone();
            let work = db.write(move |tx| {
                Box::pin(async move { tx.execute(move_there, args![there]).await })
            });
            work.await.unwrap();
            let came = Appointment {
                version: 1,
                state: AppointmentState::Completed,
                ..appointment("a1", &slots[0])
            };
            assert_eq!(db.save_appointment(came, 2, Vec::new()).await, Ok(2));
            let onto = Appointment { version: 2, ..appointment("a1", &slots[1]) };
            let taken = Err(StoreError::Taken("the slot"));
            assert_eq!(db.save_appointment(onto, 2, Vec::new()).await, taken);
            db.close().await;
        }
    }
}
