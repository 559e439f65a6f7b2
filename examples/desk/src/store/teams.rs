//! Teams: which agents a supervisor looks after.

use ozonetel_sdk::types::AgentId;

use super::conn::args;
use super::error::StoreError;
use super::tx::Tx;

/// Agents, and the supervisors who look after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The id, which never changes.
    pub id: String,
    /// The name; no two teams have the same.
    pub name: String,
    /// Its agents.
    pub agents: Vec<AgentId>,
    /// The users who look after them.
    pub supervisors: Vec<String>,
}

/// Writes a team and who is in it, within a transaction.
pub(super) async fn write(tx: &mut Tx, team: &Team) -> Result<(), StoreError> {
    let taken = "SELECT id FROM desk_team WHERE name = $1 AND id <> $2";
    if tx.row(taken, args![&team.name, &team.id]).await?.is_some() {
        return Err(StoreError::Taken("the team's name"));
    }
    let save = "INSERT INTO desk_team (id, name) VALUES ($1, $2) \
                ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    tx.execute(save, args![&team.id, &team.name]).await?;
    tx.execute("DELETE FROM desk_team_agent WHERE team_id = $1", args![&team.id]).await?;
    tx.execute("DELETE FROM desk_team_supervisor WHERE team_id = $1", args![&team.id]).await?;
    for agent in &team.agents {
        let key = agent.key().ok_or(StoreError::Missing("agent"))?;
        let insert = "INSERT INTO desk_team_agent (team_id, agent_key, agent) VALUES ($1, $2, $3) \
                      ON CONFLICT DO NOTHING";
        tx.execute(insert, args![&team.id, key, agent.as_str()]).await?;
    }
    for supervisor in &team.supervisors {
        if tx.row("SELECT id FROM desk_user WHERE id = $1", args![supervisor]).await?.is_none() {
            return Err(StoreError::Missing("user"));
        }
        let insert = "INSERT INTO desk_team_supervisor (team_id, user_id) VALUES ($1, $2) \
                      ON CONFLICT DO NOTHING";
        tx.execute(insert, args![&team.id, supervisor]).await?;
    }
    Ok(())
}

/// All teams in the order of their names, within a transaction.
pub(super) async fn read(tx: &mut Tx) -> Result<Vec<Team>, StoreError> {
    let rows = tx.rows("SELECT id, name FROM desk_team ORDER BY name", args![]).await?;
    let mut teams = Vec::new();
    for row in rows {
        let id: String = row.get("id")?;
        let agents = "SELECT agent FROM desk_team_agent WHERE team_id = $1 ORDER BY agent_key";
        let agents = tx.rows(agents, args![&id]).await?;
        let agents = agents.iter().map(|row| Ok(AgentId::from(row.get::<String>("agent")?)));
        let supervisors =
            "SELECT user_id FROM desk_team_supervisor WHERE team_id = $1 ORDER BY user_id";
        let supervisors = tx.rows(supervisors, args![&id]).await?;
        teams.push(Team {
            name: row.get("name")?,
            agents: agents.collect::<Result<_, StoreError>>()?,
            supervisors: supervisors
                .iter()
                .map(|row| row.get("user_id"))
                .collect::<Result<_, StoreError>>()?,
            id,
        });
    }
    Ok(teams)
}
