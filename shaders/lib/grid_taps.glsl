// Where a sample falls along one side of a map: the pixels that it is made of, -1 for none, their shares, and how fast
// these change with the coordinate, which goes from -1 to 1.
#if defined(MODE_BICUBIC)
#define TAPS 4
#elif defined(MODE_NEAREST)
#define TAPS 1
#else
#define TAPS 2
#endif

struct Taps {
    int at[TAPS];
    float share[TAPS];
    float slope[TAPS];
};

float unnormalised(float coordinate, int size) {
    float count = float(size);
    return ALIGN_CORNERS == 1 ? (coordinate + 1.0) / 2.0 * (count - 1.0) : ((coordinate + 1.0) * count - 1.0) / 2.0;
}

// Back and forth between the ends of the map; `pace` is turned round with it.
float turned_back(float place, int size, inout float pace) {
    float low = ALIGN_CORNERS == 1 ? 0.0 : -0.5, span = float(size) - (ALIGN_CORNERS == 1 ? 1.0 : 0.0);
    if (span == 0.0) {
        pace = 0.0;
        return 0.0;
    }
    float beyond = place - low;
    if (beyond < 0.0) {
        beyond = -beyond;
        pace = -pace;
    }
    float turns = floor(beyond / span), rest = beyond - turns * span;
    if (mod(turns, 2.0) < 0.5) return rest + low;
    pace = -pace;
    return span - rest + low;
}

float within(float place, int size, inout float pace) {
    if (place <= 0.0 || place >= float(size - 1)) pace = 0.0;
    return clamp(place, 0.0, float(size - 1));
}

float bordered(float place, int size, inout float pace) {
#if defined(PADDING_REFLECTION)
    place = turned_back(place, size, pace);
#endif
#if defined(PADDING_ZEROS)
    return clamp(place, -16.0, float(size) + 16.0);
#else
    return within(place, size, pace);
#endif
}

int pixel(float place, int size) {
    return place >= 0.0 && place < float(size) ? int(place) : -1;
}

float inner(float x) { return (1.25 * x - 2.25) * x * x + 1.0; }
float inner_slope(float x) { return (3.75 * x - 4.5) * x; }
float outer(float x) { return ((-0.75 * x + 3.75) * x - 6.0) * x + 3.0; }
float outer_slope(float x) { return (-2.25 * x + 7.5) * x - 6.0; }

Taps taps(float coordinate, int size) {
    Taps found;
    float place = unnormalised(coordinate, size);
    float pace = (float(size) - (ALIGN_CORNERS == 1 ? 1.0 : 0.0)) / 2.0;
#if defined(MODE_BICUBIC)
    place = clamp(place, -8.0 * float(size) - 16.0, 9.0 * float(size) + 16.0);
    float first = floor(place), part = place - first, ignored = 1.0;
    for (int k = 0; k < 4; k++) found.at[k] = pixel(round(bordered(first + float(k - 1), size, ignored)), size);
    found.share = float[4](outer(part + 1.0), inner(part), inner(1.0 - part), outer(2.0 - part));
    found.slope = float[4](pace * outer_slope(part + 1.0), pace * inner_slope(part), -pace * inner_slope(1.0 - part),
                           -pace * outer_slope(2.0 - part));
#elif defined(MODE_NEAREST)
    found.at[0] = pixel(roundEven(bordered(place, size, pace)), size);
    found.share[0] = 1.0;
    found.slope[0] = 0.0;
#else
    place = bordered(place, size, pace);
    float first = floor(place), part = place - first;
    found.at[0] = pixel(first, size);
    found.at[1] = pixel(first + 1.0, size);
    found.share[0] = 1.0 - part;
    found.share[1] = part;
    found.slope[0] = -pace;
    found.slope[1] = pace;
#endif
    return found;
}
