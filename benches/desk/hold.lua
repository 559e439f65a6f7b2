-- Puts the calls that dial.lua placed on hold and back, one after the other.
local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. (os.getenv("TOKEN") or "") }
local ucids = {}
for line in io.lines(os.getenv("UCIDS")) do ucids[#ucids + 1] = line end
local n = 0

function request()
  n = n + 1
  local ucid = ucids[(n - 1) % #ucids + 1]
  local action = math.floor((n - 1) / #ucids) % 2 == 0 and "HOLD" or "UNHOLD"
  local body = string.format('{"ucid":"%s","action":"%s"}', ucid, action)
  return wrk.format("POST", "/api/ozonetel/call-control", headers, body)
end
