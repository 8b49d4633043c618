-- One call, again and again: method, path and body come as arguments. A path with a # has it replaced by another
-- number each time. The last line is the result as JSON.
function init(args)
  wrk.method = args[1]
  wrk.path = args[2]
  if args[3] then
    wrk.body = args[3]
    wrk.headers["Content-Type"] = "application/json"
  end
  if wrk.path:find("#", 1, true) then
    local before, after, sent = wrk.path:match("^(.-)#(.*)$")
    local random = io.open("/dev/urandom", "rb")
    local a, b, c = random:read(3):byte(1, 3)
    random:close()
    sent = ((a * 256 + b) * 256 + c) * 1e6
    request = function()
      sent = sent + 1
      return wrk.format(nil, before .. sent .. after)
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
