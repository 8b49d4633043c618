-- Repeats one kind of call: METHOD PATH [BODY [LONGEST]]. In the path and the body, LENGTH runs from 8 to LONGEST and
-- COUNT from 1 to 5; SERIAL in the path is a new number each time. Prints the result as JSON in the last line.

local requests, serial, turn = {}, 0, 0

function init(args)
  local method, path, body, longest = args[1], args[2], args[3], tonumber(args[4] or 8)
  if body == "" then body = nil end
  if body then wrk.headers["Content-Type"] = "application/json" end
  local random = io.open("/dev/urandom", "rb")
  local a, b, c = random:read(3):byte(1, 3)
  random:close()
  serial = 1e11 + ((a * 256 + b) * 256 + c) * 5e4 -- 12 digits, and each thread starts at another number
  local counts = (path .. (body or "")):find("COUNT") and 5 or 1
  for length = 8, longest do
    for count = 1, counts do
      local function fill(text)
        return text and text:gsub("LENGTH", length):gsub("COUNT", count)
      end
      requests[#requests + 1] = wrk.format(method, fill(path), nil, fill(body))
    end
  end
  turn = a % #requests
  if path:find("SERIAL") then
    for place, whole in ipairs(requests) do
      local before, after = whole:match("^(.-)SERIAL(.*)$")
      requests[place] = { before, after }
    end
    request = function()
      turn = (turn + 101) % #requests -- the stride 101 reaches every request
      serial = serial + 1
      local parts = requests[turn + 1]
      return parts[1] .. serial .. parts[2]
    end
  else
    request = function()
      turn = (turn + 101) % #requests
      return requests[turn + 1]
    end
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
