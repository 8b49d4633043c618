-- Whether the container is about to stop: bin/drain makes this file.

local M = {}

function M.end_connection()
  local note = io.open("/run/nginx/draining")
  if not note then return end
  note:close()
  if ngx.req.http_version() < 2 then ngx.header["Connection"] = "close" end
end

return M
