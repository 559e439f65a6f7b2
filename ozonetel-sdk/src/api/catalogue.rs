//! The catalogue: every endpoint by its name, as a list for macros to expand.

use crate::core::endpoint::{Endpoint, Spec};

/// Hands the list of endpoints to a macro: `each_endpoint!(make)` expands to `make! { name: Type, … }`.
#[macro_export]
macro_rules! each_endpoint {
    ($then:ident) => {
        $then! {
            auth_generate_token: $crate::auth::GenerateToken,
            agents_login: $crate::agents::Login,
            agents_logout: $crate::agents::Logout,
            agents_change_state: $crate::agents::ChangeState,
            agents_force_logout: $crate::agents::ForceLogout,
            agents_release: $crate::agents::Release,
            agents_details: $crate::agents::FetchDetails,
            agents_login_status: $crate::agents::FetchLoginStatus,
            agents_delete: $crate::agents::DeleteAgent,
            phone_numbers_get: $crate::phone_numbers::FetchNumber,
            phone_numbers_create: $crate::phone_numbers::CreateNumber,
            phone_numbers_edit: $crate::phone_numbers::EditNumber,
            phone_numbers_delete: $crate::phone_numbers::DeleteNumber,
            phone_numbers_release: $crate::phone_numbers::ReleaseNumber,
            dial_agent: $crate::dial::AgentDial,
            dial_skill: $crate::dial::SkillDial,
            dial_phone: $crate::dial::PhoneDial,
            disposition_set: $crate::disposition::SetDisposition,
            disposition_list: $crate::disposition::ListDispositions,
            call_control_conference: $crate::call_control::StartConference,
            call_control_hold: $crate::call_control::Hold,
            call_control_unhold: $crate::call_control::Unhold,
            call_control_mute: $crate::call_control::Mute,
            call_control_unmute: $crate::call_control::Unmute,
            call_control_kick: $crate::call_control::Kick,
            recording_pause: $crate::recording::Pause,
            recording_unpause: $crate::recording::Unpause,
            missed_fetch: $crate::missed::FetchMissed,
            cdr_fetch_day: $crate::cdr::FetchDay,
            cdr_fetch_page: $crate::cdr::FetchPage,
            cdr_fetch_ucid: $crate::cdr::FetchUcid,
            summary_fetch: $crate::summary::FetchSummary,
            aht_agent: $crate::aht::AgentAht,
            aht_campaign: $crate::aht::CampaignAht,
            campaigns_status: $crate::campaigns::FetchStatus,
            campaigns_start: $crate::campaigns::StartCampaign,
            campaigns_stop: $crate::campaigns::StopCampaign,
            campaigns_list: $crate::campaigns::ListCampaigns,
            campaigns_create_outbound: $crate::campaigns::CreateOutbound,
            campaigns_create_inbound: $crate::campaigns::CreateInbound,
            campaigns_dynamic_dids: $crate::campaigns::UpdateDynamicDids,
            leads_add: $crate::leads::AddLead,
            leads_bulk: $crate::leads::AddBulk,
            leads_schedule: $crate::leads::Schedule,
            leads_delete_scheduled: $crate::leads::DeleteScheduled,
            leads_delete: $crate::leads::DeleteLead,
            leads_delete_many: $crate::leads::DeleteMany,
            block_numbers_create: $crate::block_numbers::CreateGroup,
            block_numbers_delete: $crate::block_numbers::DeleteNumbers,
            events_subscribe: $crate::events::Subscribe,
            events_unsubscribe: $crate::events::Unsubscribe,
            events_list: $crate::events::ShowSubscription,
            kookoo_call: $crate::kookoo::outbound::OutboundCall,
            kookoo_sms: $crate::kookoo::outbound::Sms,
            kookoo_call_information: $crate::kookoo::outbound::CallInformation,
            kookoo_ivr_transfer: $crate::kookoo::outbound::IvrTransfer,
            kookoo_disconnect: $crate::kookoo::outbound::Disconnect,
            whatsapp_send_template: $crate::whatsapp::SendTemplate,
        }
    };
}

/// Hands the list of deprecated endpoints to a macro, as [`each_endpoint!`](crate::each_endpoint) does: empty without
/// the feature `legacy`.
#[cfg(feature = "legacy")]
#[macro_export]
macro_rules! each_legacy_endpoint {
    ($then:ident) => {
        $then! {
            legacy_change_state: $crate::legacy::Legacy<$crate::agents::ChangeState>,
            legacy_logged_in: $crate::legacy::ListLoggedIn,
            legacy_create_agent: $crate::legacy::CreateAgent,
            legacy_edit_agent: $crate::legacy::EditAgent,
            legacy_delete_agent: $crate::legacy::DeleteManaged,
            legacy_add_lead: $crate::legacy::AddLeadByGet,
            legacy_bulk: $crate::legacy::AddBulkLegacy,
            legacy_clear_campaign: $crate::legacy::ClearCampaign,
            legacy_create_block_group: $crate::legacy::CreateGroupLegacy,
            legacy_add_to_block_group: $crate::legacy::AddToGroup,
            legacy_delete_from_block_group: $crate::legacy::DeleteFromGroup,
            legacy_agent_details: $crate::legacy::AgentDetails,
            legacy_agent_dial: $crate::legacy::Legacy<$crate::dial::AgentDial>,
            legacy_phone_dial: $crate::legacy::Legacy<$crate::dial::PhoneDial>,
            legacy_set_disposition: $crate::legacy::DisposeCall,
            legacy_list_dispositions: $crate::legacy::ListCampaignDispositions,
            legacy_conference: $crate::legacy::Legacy<$crate::call_control::StartConference>,
            legacy_kick: $crate::legacy::Legacy<$crate::call_control::Kick>,
            legacy_hold: $crate::legacy::Legacy<$crate::call_control::Hold>,
            legacy_unhold: $crate::legacy::Legacy<$crate::call_control::Unhold>,
            legacy_mute: $crate::legacy::Legacy<$crate::call_control::Mute>,
            legacy_unmute: $crate::legacy::Legacy<$crate::call_control::Unmute>,
            legacy_cdr_dump: $crate::legacy::CdrDump,
            legacy_cdr_by_ucid: $crate::legacy::CdrByUcid,
            legacy_cdr_callback: $crate::legacy::CallbackCdr,
            legacy_cdr_current_day: $crate::legacy::CdrCurrentDay,
            legacy_cdr_range: $crate::legacy::CdrRange,
            legacy_campaign_status: $crate::legacy::CampaignStatus,
            legacy_set_campaign: $crate::legacy::SetCampaign,
            legacy_schedule: $crate::legacy::ScheduleText,
        }
    };
}

/// Hands the list of deprecated endpoints to a macro: empty without the feature `legacy`.
#[cfg(not(feature = "legacy"))]
#[macro_export]
macro_rules! each_legacy_endpoint {
    ($then:ident) => {
        $then! {}
    };
}

macro_rules! all_specs {
    ($($name:ident: $endpoint:ty,)*) => {
        /// Every description of the catalogue.
        pub const ALL: &[Spec] = &[$(<$endpoint as Endpoint>::SPEC),*];
        $(const _: () = assert!(<$endpoint as Endpoint>::SPEC.is_complete());)*
    };
}
each_endpoint!(all_specs);

macro_rules! legacy_specs {
    ($($name:ident: $endpoint:ty,)*) => {
        /// Every description of the deprecated endpoints; none without the feature `legacy`.
        pub const LEGACY: &[Spec] = &[$(<$endpoint as Endpoint>::SPEC),*];
        $(const _: () = assert!(<$endpoint as Endpoint>::SPEC.is_complete());)*
    };
}
each_legacy_endpoint!(legacy_specs);

#[cfg(test)]
#[cfg(feature = "legacy")]
mod table;
