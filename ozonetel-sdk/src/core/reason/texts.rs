//! The texts themselves, by the page that gives them.

use super::Reason::{
    self, BadCredentials, BadInput, NotAllowed, NotFound, TokenExpired, TooManyRequests,
};

/// A page's name, and its texts; `{}` is a variable part. No text is there twice.
pub(super) const PAGES: &[(&str, &[(&str, Reason)])] = &[
    (
        "delete_ca-apis-deleteagent",
        &[
            ("Invalid User Details", BadCredentials),
            ("Username Should Not be Null or Empty.", BadCredentials),
            ("Max limit exceeded", TooManyRequests),
            ("Invalid Agent Details", BadInput),
        ],
    ),
    (
        "delete_ca-apis-deletecampaigndata-1",
        &[
            ("Campaign should not be null are empty", BadInput),
            ("Passed campaign are invalid", BadInput),
            ("PhoneNumber should not be null are empty", BadInput),
        ],
    ),
    (
        "delete_ca-apis-deletescheduleddata-2",
        &[("Mandatory parameter row_id is missing", BadInput)],
    ),
    (
        "get_ca-apis-aht-1",
        &[
            ("agentId is Invalid", BadInput),
            ("campaignName is Invalid", BadInput),
            ("Both agentId and campaignName cannot be passed at a time", BadInput),
            ("Both agentId and campaignName cannot be empty", BadInput),
        ],
    ),
    ("get_ca-apis-campaignstatus", &[("no record found", NotFound)]),
    (
        "get_ca-reports-fetchcdrdetails",
        &[
            ("Missing userName or apiKey", BadCredentials),
            ("Missing fromDate and toDate", BadInput),
            ("Invalid {} format. Please pass the date in the format yyyy-MM-dd HH:mm:ss", BadInput),
            ("Invalid campaignName", BadInput),
            ("fromDate and toDate should not be future dates", BadInput),
        ],
    ),
    (
        "get_callcontrol-v4-php",
        &[("Call not Found", NotFound), ("Please pass valid Conference number", BadInput)],
    ),
    (
        "get_caservices-agentmanualdial-php-2",
        &[("please provide proper user credentials", BadCredentials)],
    ),
    (
        "get_caservices-call-record-php",
        &[
            ("ucid is Invalid", NotFound),
            ("action should be either pause or unPause", BadInput),
            ("action should not be empty", BadInput),
            ("ucid should not be empty", BadInput),
        ],
    ),
    (
        "get_caservices-campaign-deletecampaigndata-php",
        &[
            ("status should be only Success/Fail/Pending", BadInput),
            ("please pass valid skill", BadInput),
        ],
    ),
    ("get_caservices-cdr-cdrdump-pagination-php", &[("{} should not be empty or zero", BadInput)]),
    (
        "get_caservices-disposition-dispositionapi-php",
        &[("No disposition found for campaign ID: {} and user: {}", NotFound)],
    ),
    (
        "get_caservices-disposition-dispositionapiv2-php",
        &[
            ("Authentication fails", BadCredentials),
            ("Invalid ucid [{}] or did [{}]", NotFound),
            ("Invalid ucid [{}] or did [{}", NotFound),
            ("Invalid action->{}", BadInput),
            ("Empty disposition code", BadInput),
            ("Provide pause reason.", BadInput),
            ("Invalid agent", BadInput),
        ],
    ),
    ("get_caservices-getcdrdata-php", &[("Please provide API Key", BadCredentials)]),
    (
        "get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-agentmanage",
        &[
            ("Agent Already Exists", NotAllowed),
            ("All parameters are mandatory", BadInput),
            ("Agent Option is Invalid", BadInput),
        ],
    ),
    (
        "get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-getcdr",
        &[("The Requested date should not be more than 30 days", BadInput)],
    ),
    (
        "get_events-subscriptions-list",
        &[("Unauthorized", BadCredentials), ("Subscription doesnt exists for User: {}", NotFound)],
    ),
    (
        "post_apiservices-dynamic-did-update",
        &[
            ("Authentication failed.", BadCredentials),
            ("Campaign not found.", NotFound),
            ("Please enter the Valid DIDs assigned to the account.", BadInput),
            ("Please enter the Valid FallbackDIDs assigned to the account.", BadInput),
            ("DIDs is required", BadInput),
            ("fallbackDIDs is required", BadInput),
        ],
    ),
    ("post_ca-apis-agentdetails", &[("userName should not be empty", BadCredentials)]),
    (
        "post_ca-apis-agentmanualdial-3",
        &[
            ("Agent is not available", NotAllowed),
            ("Please Pass Valid AgentId are Valid skillName", BadInput),
            ("Please Pass Valid AgentId", BadInput),
            ("Campaign name should not be null are empty", BadInput),
            ("Please pass Valid Campaign Details", BadInput),
        ],
    ),
    (
        "post_ca-apis-callcontrol-v4",
        &[
            ("Token Expired", TokenExpired),
            ("Token Should Not be Null or Empty.", BadCredentials),
            ("Invalid Token", BadCredentials),
            ("Api Key Should Not be Null or Empty.", BadCredentials),
        ],
    ),
    (
        "post_ca-apis-campaignscheduleddata-1",
        &[
            ("api_key or campaign_name is invalid or not found", BadInput),
            ("Mandatory parameter ScheduledTime is in bulkData map", BadInput),
        ],
    ),
    ("post_ca-apis-catoken-generatetoken", &[("UserName is null", BadCredentials)]),
    (
        "post_ca-apis-changeagentstate-1",
        &[
            ("userName or apiKey is Invalid", BadCredentials),
            ("user_name or api_Key is Invalid", BadCredentials),
            ("apiKey should not be empty", BadCredentials),
            ("Please provide UserName", BadCredentials),
            ("Agent is not Logged In", NotAllowed),
            ("Agent {} is in BUSY state. You cant change to Pause state", NotAllowed),
            ("The state should be either 'Ready' or 'Pause' state'", BadInput),
            ("pauseReason is Invalid", BadInput),
            ("{} should not be empty", BadInput),
        ],
    ),
    (
        "post_ca-apis-phonemanagev2-5",
        &[
            ("userName or apiKey not valid", BadCredentials),
            ("userName cannot be empty", BadCredentials),
            ("phoneNumber should be between 3 to 17 digits long and allows prefix +", BadInput),
        ],
    ),
    (
        "post_ca-apis-phonemanualdial-1",
        &[
            ("Online agent logged in with same phone number", NotAllowed),
            ("campaign IS NOT offline", NotAllowed),
            ("Phone name not found.", NotFound),
            // The documented answer to a bad DID.
            ("Something went wrong. Please contact admin!", BadInput),
        ],
    ),
    ("post_ca-apis-releasefwpnumber", &[("apiKey cannot be empty", BadCredentials)]),
    (
        "post_ca-reports-summaryreport-2",
        &[
            ("No Data Found", NotFound),
            ("From and To Date should be in yyyy-mm-dd HH:mm:ss Format", BadInput),
            ("From Date Should not be Greater than To Date", BadInput),
            ("Difference Between From and To Date should not be Greater than 30 Days", BadInput),
            ("Mode Type is Invalid", BadInput),
        ],
    ),
    (
        "post_caservices-agentauthenticationv2-index-php",
        &[
            ("Invalid userName or apiKey", BadCredentials),
            ("Invalid Authentication", BadCredentials),
            (super::ALREADY_LOGGED_IN, NotAllowed),
            ("{} logged in with the number ({})", NotAllowed),
        ],
    ),
    (
        "post_caservices-agentauthenticationv2-index-php-2",
        &[("Agent {} is not logged in", NotAllowed)],
    ),
    (
        "post_caservicesv2-agentlogoutbyadmin-html",
        &[
            ("Check input Parameters", BadCredentials),
            ("Agent does not exists with id {}", NotFound),
        ],
    ),
    (
        "post_cloudagentrestapi-index-php-addcampaignbulkdata-addbulkdata-format-json",
        &[
            ("Already one process is running please try after some time", TooManyRequests),
            ("please provide campaign details", BadInput),
            ("Please provide valid data", BadInput),
        ],
    ),
    (
        "post_cloudagentrestapi-index-php-cloudagent-cloudagentapi-addcamapaigndata-1",
        &[
            ("No User Found", BadCredentials),
            ("PhoneNumber Added is a DND Number", NotAllowed),
            ("Phone Number is Empty!", BadInput),
        ],
    ),
    (
        "put_caservicesv3-blocknumbergroupv2-php",
        &[
            ("Authentication failed", BadCredentials),
            ("Invalid group id", NotFound),
            ("Parameters are mandatory", BadInput),
            ("invalid data", BadInput),
        ],
    ),
    ("field report", &[("Invalid Json Pass Valid Json", BadInput)]),
];
