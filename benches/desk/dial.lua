-- Dials, each for an agent of its own; the UCIDs are kept for hold.lua.
local n = tonumber(os.getenv("FIRST") or "0")
local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. (os.getenv("TOKEN") or "") }
local kept = io.open(os.getenv("UCIDS"), "w")

function request()
  n = n + 1
  local body = string.format('{"phoneNumber":"90000%05d","agentId":"bench%06d"}', n % 100000, n)
  return wrk.format("POST", "/api/ozonetel/dial", headers, body)
end

function response(status, _, body)
  local ucid = status < 300 and body:match('"ucid":"(%d+)"')
  if ucid then kept:write(ucid, "\n") end
end
