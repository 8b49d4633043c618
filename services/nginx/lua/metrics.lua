-- Counts requests in memory that all workers share and that a reload keeps. nginx's own stub_status has connections
-- only, and the app never sees the requests that nginx refuses.

local M = {}

local counts = ngx.shared.metrics
local find, format = string.find, string.format

local BOUNDS = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60 }
local POOLS = { "short", "bulk" }
-- Statuses of requests that nginx refuses under load.
local SHED = { { 429, "rate_limited" }, { 503, "unavailable" }, { 504, "timed_out" } }

local function bucket(seconds)
  for place = 1, #BOUNDS do
    if seconds <= BOUNDS[place] then return place end
  end
  return #BOUNDS + 1
end

-- Runs in the log phase of every request.
function M.count()
  local var = ngx.var
  local pool = find(var.uri or "", "/stream", -7, true) and "bulk" or "short"
  -- "-" if the app did not answer; a list if several replicas were asked.
  local header = var.upstream_header_time
  local origin = (header and find(header, "%d")) and "app" or "nginx"
  local seconds = ngx.now() - ngx.req.start_time()
  counts:incr("requests " .. pool .. " " .. origin .. " " .. ngx.status, 1, 0)
  counts:incr("bucket " .. pool .. bucket(seconds), 1, 0)
  counts:incr("sum " .. pool, seconds, 0)
end

local function head(lines, name, type, help)
  lines[#lines + 1] = format("# HELP %s %s\n# TYPE %s %s", name, help, name, type)
end

local function requests(lines)
  local name = "nginx_http_requests_total"
  head(lines, name, "counter", "Requests that nginx answered, by the origin of the response.")
  local keys = counts:get_keys(0)
  table.sort(keys)
  for _, key in ipairs(keys) do
    local pool, origin, status = key:match("^requests (%a+) (%a+) (%d+)$")
    if pool then
      lines[#lines + 1] =
        format('%s{pool="%s",origin="%s",status="%s"} %d', name, pool, origin, status, counts:get(key))
    end
  end
end

local function shed(lines)
  local name = "nginx_http_shed_requests_total"
  head(lines, name, "counter", "Requests that nginx refused: over a limit, or the app was unavailable.")
  for _, pool in ipairs(POOLS) do
    for _, case in ipairs(SHED) do
      local number = counts:get("requests " .. pool .. " nginx " .. case[1]) or 0
      lines[#lines + 1] = format('%s{pool="%s",reason="%s"} %d', name, pool, case[2], number)
    end
  end
end

local function durations(lines)
  local name = "nginx_http_request_duration_seconds"
  head(lines, name, "histogram", "Time from the first byte of a request to the last of its response.")
  for _, pool in ipairs(POOLS) do
    local total = 0
    for place = 1, #BOUNDS + 1 do
      total = total + (counts:get("bucket " .. pool .. place) or 0)
      lines[#lines + 1] = format('%s_bucket{pool="%s",le="%s"} %d', name, pool, BOUNDS[place] or "+Inf", total)
    end
    lines[#lines + 1] = format('%s_sum{pool="%s"} %.3f', name, pool, counts:get("sum " .. pool) or 0)
    lines[#lines + 1] = format('%s_count{pool="%s"} %d', name, pool, total)
  end
end

local function connections(lines)
  local name = "nginx_connections"
  head(lines, name, "gauge", "Open connections of clients.")
  for _, state in ipairs({ "reading", "writing", "waiting" }) do
    lines[#lines + 1] = format('%s{state="%s"} %s', name, state, ngx.var["connections_" .. state])
  end
  local accepted, handled = ngx.location.capture("/stub_status").body:match("\n (%d+) (%d+) ")
  head(lines, "nginx_connections_accepted_total", "counter", "Accepted connections of clients.")
  lines[#lines + 1] = "nginx_connections_accepted_total " .. accepted
  head(lines, "nginx_connections_dropped_total", "counter", "Accepted connections that were closed because worker_connections was reached.")
  lines[#lines + 1] = "nginx_connections_dropped_total " .. accepted - handled
end

-- The page for Prometheus, in its text format (version 0.0.4).
function M.page()
  local lines = {}
  requests(lines)
  shed(lines)
  durations(lines)
  connections(lines)
  ngx.header["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(table.concat(lines, "\n"), "\n")
end

return M
