-- wrk script: repeats one call, and counts the answers by status and the refusals without Retry-After.
-- count.lua METHOD PATH close|keep [BODY]
local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(args)
  wrk.method, wrk.path = args[1], args[2]
  if args[3] == "close" then wrk.headers["Connection"] = "close" end
  if args[4] then
    wrk.body = args[4]
    wrk.headers["Content-Type"] = "application/json"
  end
  statuses, bare = {}, 0
end

function response(status, headers)
  statuses[status] = (statuses[status] or 0) + 1
  if status ~= 200 and not headers["Retry-After"] then bare = bare + 1 end
end

function done(summary, latency)
  local all, without = {}, 0
  for _, thread in ipairs(threads) do
    for status, times in pairs(thread:get("statuses")) do all[status] = (all[status] or 0) + times end
    without = without + thread:get("bare")
  end
  local pairs_ = {}
  for status, times in pairs(all) do table.insert(pairs_, string.format('"%d":%d', status, times)) end
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"seconds":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"broken":%d,"without_retry_after":%d,"statuses":{%s}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, latency.max / 1e3,
    e.connect + e.read + e.write + e.timeout, without, table.concat(pairs_, ",")))
end
