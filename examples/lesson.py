"""The introductory lesson in scikit-learn's idiom: load, look, train, watch it overfit, test once.

python examples/lesson.py          # scikit-learn's own digits, offline, seconds
python examples/lesson.py mnist    # the lesson's own data, a quarter of a minute
"""

import sys

from skmnist import fetch_mnist, load_digits28, make_dense_pipeline, recipes

load = fetch_mnist if sys.argv[1:] == ["mnist"] else load_digits28
train, test = load(subset="train"), load(subset="test")

# An image is 28 x 28 numbers, from 0 (paper) to 255 (ink).
print(f"{len(train.images):,} images to learn from; the first shows a {train.target[0]}:\n")
for line in train.images[0][4:24:2]:
    print("  " + "".join(" .:oO@"[pixel // 43] * 2 for pixel in line[4:24]))

pipe = make_dense_pipeline(**recipes.LESSON, random_state=0)
pipe.fit(train.images, train.target)

# Training goes on getting better where validation no longer does: the network overfits.
print("\n" + pipe[-1].history_.frame()[["accuracy", "val_accuracy"]].round(4).to_string())
print(f"\nOn {len(test.images):,} test images: {pipe.score(test.images, test.target):.2%}")
