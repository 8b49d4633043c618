-- Whether the container is about to stop: bin/drain makes this file.

local M = {}

-- Sends a request by way of `location`, once. HTTP/2 needs none of it: it can say that a connection ends.
function M.end_connection(location)
  if ngx.req.is_internal() or ngx.req.http_version() >= 2 then return end
  local note = io.open("/run/nginx/draining")
  if not note then return end
  note:close()
  return ngx.exec(location)
end

return M
