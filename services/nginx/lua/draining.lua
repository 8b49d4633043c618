-- The container is about to stop if /run/nginx/draining exists; bin/drain creates it.

local M = {}

-- Redirects a request to `location`, once. HTTP/2 does not need it: it can announce the end of a connection.
function M.end_connection(location)
  if ngx.req.is_internal() or ngx.req.http_version() >= 2 then return end
  local note = io.open("/run/nginx/draining")
  if not note then return end
  note:close()
  return ngx.exec(location)
end

return M
