package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// bidi is a connection of WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): commands with numbers, answers in any order.
type bidi struct {
	conn *websocket.Conn
	gone chan struct{} // closed when the connection ended

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- bidiAnswer
}

type bidiAnswer struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Result  json.RawMessage `json:"result"`
}

func dialBiDi(address string) (*bidi, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // the connection took it over
	if err != nil {
		return nil, fmt.Errorf("dial WebDriver BiDi: %w", err)
	}
	conn.SetReadLimit(-1) // screenshots are large
	b := &bidi{conn: conn, gone: make(chan struct{}), waiting: map[int]chan<- bidiAnswer{}}
	go b.read()
	return b, nil
}

func (b *bidi) read() {
	defer close(b.gone)
	for {
		_, text, err := b.conn.Read(context.Background())
		if err != nil {
			return
		}
		var a bidiAnswer
		if json.Unmarshal(text, &a) == nil && a.Type != "event" {
			b.answer(a)
		}
	}
}

func (b *bidi) answer(a bidiAnswer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.waiting[a.ID]; c != nil {
		c <- a // has room for one
		delete(b.waiting, a.ID)
	}
}

// errNoPage is what BiDi says about a tab that was closed.
const errNoPage = "no such frame"

// call sends a command and decodes its result; into may be nil.
func (b *bidi) call(method string, params, into any) error {
	answer, err := b.send(method, params)
	if err != nil {
		return fmt.Errorf("send %s: %w", method, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	select {
	case a := <-answer:
		return a.decode(method, into)
	case <-b.gone:
		return fmt.Errorf("call %s: %w", method, ErrGone)
	case <-ctx.Done():
		return fmt.Errorf("call %s: %w", method, ctx.Err())
	}
}

func (b *bidi) send(method string, params any) (<-chan bidiAnswer, error) {
	answer := make(chan bidiAnswer, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = answer
	b.mu.Unlock()
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return answer, b.conn.Write(ctx, websocket.MessageText, text)
}

func (a bidiAnswer) decode(method string, into any) error {
	if a.Type == "error" {
		err := fmt.Errorf("%s: %s: %s", method, a.Error, a.Message)
		if a.Error == errNoPage {
			err = errors.Join(ErrGone, err)
		}
		return err
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(a.Result, into); err != nil {
		return fmt.Errorf("decode answer of %s: %w", method, err)
	}
	return nil
}
