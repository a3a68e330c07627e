-- POST /stores, each with a key of its own (BENCH_KEY and a number).
local key, at = os.getenv("BENCH_KEY"), 0
local headers = { ["Content-Type"] = "application/json" }

request = function()
  at = at + 1
  headers["Idempotency-Key"] = key .. "-" .. at
  return wrk.format("POST", "/stores", headers, '{"name":"Shop ' .. at .. '","plan":"small"}')
end

dofile(os.getenv("BENCH_LOAD") .. "/result.lua")
