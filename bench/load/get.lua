-- GET /stores/{id}, the ids of the file BENCH_IDS in turn.
local ids, at = {}, 0
for line in io.lines(os.getenv("BENCH_IDS")) do ids[#ids + 1] = line end

request = function()
  at = at % #ids + 1
  return wrk.format("GET", "/stores/" .. ids[at])
end

dofile(os.getenv("BENCH_LOAD") .. "/result.lua")
