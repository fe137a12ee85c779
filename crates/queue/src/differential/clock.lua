(function() local at = redis.call('GET', K .. 'clock') return { string.sub(at, 1, -4), string.sub(at, -3) .. '000' } end)()
