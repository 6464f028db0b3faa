-- Sixteen requests in one write: wrk counts their answers one by one.
local depth = 16

function init()
  requests = string.rep(wrk.format(), depth)
end

function request()
  return requests
end
